#include "model/verified_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/file.h"
#include "base/test_folder.h"
#include "model/test_manifest.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class VerifiedFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = {.manifest = TestManifest(), .folder = folder_.path() / "tiny", .fingerprint = ""};
    fs::create_directories(model_.folder / "onnx");
    const std::map<std::string, std::string> files = {{"image.onnx", "i"},
                                                      {"text.onnx", "t"},
                                                      {"onnx/text.onnx_data", "d"},
                                                      {"vocab.json", "v"},
                                                      {"merges.txt", "m"}};
    for (const auto& [file, text] : files) ASSERT_TRUE(WriteFileAtomically(model_.folder / file, text).has_value());
  }
  [[nodiscard]] bool Verifies() const { return VerifyChangedFiles(model_, options_).has_value(); }
  [[nodiscard]] bool Remembers() const { return fs::exists(memory_()); }
  [[nodiscard]] fs::path memory_() const { return model_.folder / ".verified"; }
  // Makes the memory say of image.onnx what only a trusted memory can make true.
  void Forge() {
    std::string text = ReadFile(memory_(), 1U << 20U).value();
    const std::string real = Sha256Hex("i"), wanted = Sha256Hex("another");
    text.replace(text.find(real), real.size(), wanted);
    ASSERT_TRUE(WriteFileAtomically(memory_(), text).has_value());
    model_.manifest.encoders["onnx"].image->sha256 = wanted;
  }

  const TestFolder folder_;
  InstalledModel model_;
  VerifyOptions options_{.min_bytes = 0, .settled = std::chrono::nanoseconds(0)};
};

TEST_F(VerifiedFiles, AreNotReadAgain) {
  ASSERT_TRUE(Verifies());
  ASSERT_TRUE(Remembers());
  Forge();
  EXPECT_FALSE(VerifyFiles(model_).has_value());  // who reads them sees the difference
  EXPECT_TRUE(Verifies());
}

TEST_F(VerifiedFiles, AreReadAgainAfterAChangeOfTheSameSizeThatHidesItsTime) {
  ASSERT_TRUE(Verifies());
  const fs::path file = model_.folder / "image.onnx";
  struct stat before{};
  ASSERT_EQ(::stat(file.c_str(), &before), 0);
  struct stat after = before;
  // The clock of the file system must tick before a change shows: the tick that VerifyOptions::settled waits out.
  for (int i = 0; i < 1'000'000 && after.st_ctim.tv_nsec == before.st_ctim.tv_nsec; ++i) {
    const int opened = ::open(file.c_str(), O_WRONLY);
    ASSERT_EQ(::pwrite(opened, "!", 1, 0), 1);
    const std::array<timespec, 2> times = {before.st_atim, before.st_mtim};
    ASSERT_EQ(::futimens(opened, times.data()), 0);
    ::close(opened);
    ASSERT_EQ(::stat(file.c_str(), &after), 0);
  }
  ASSERT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
  EXPECT_THAT(VerifyChangedFiles(model_, options_).error().message, HasSubstr("image.onnx is not the file"));
}

TEST_F(VerifiedFiles, AreReadAgainIfTheMemoryIsDamaged) {
  ASSERT_TRUE(Verifies());
  Forge();
  const std::string forged = ReadFile(memory_(), 1U << 20U).value();
  for (const std::string& text : {std::string(), forged.substr(0, forged.size() - 1), forged + "\n", "x" + forged,
                                  std::string(std::size_t{2} << 20U, 'x')}) {
    ASSERT_TRUE(WriteFileAtomically(memory_(), text).has_value());
    EXPECT_FALSE(Verifies());
  }
  fs::remove(memory_());
  fs::create_directory(memory_());
  EXPECT_FALSE(Verifies());
}

TEST_F(VerifiedFiles, AreReadAgainIfOneIsMissing) {
  ASSERT_TRUE(Verifies());
  fs::remove(model_.folder / "onnx/text.onnx_data");
  EXPECT_THAT(VerifyChangedFiles(model_, options_).error().message, HasSubstr("onnx/text.onnx_data is missing"));
}

TEST_F(VerifiedFiles, AreNotRememberedWhenTheyFail) {
  model_.manifest.encoders["onnx"].image->sha256 = Sha256Hex("another");
  EXPECT_FALSE(Verifies());
  EXPECT_FALSE(Remembers());
}

TEST_F(VerifiedFiles, AreNotRememberedWhileTheyAreNewOrIfTheyAreFew) {
  options_.settled = std::chrono::hours(1);
  ASSERT_TRUE(Verifies());
  EXPECT_FALSE(Remembers());
  options_ = {.min_bytes = 6, .settled = std::chrono::nanoseconds(0)};  // there are five
  ASSERT_TRUE(Verifies());
  EXPECT_FALSE(Remembers());
}

}  // namespace
}  // namespace hailo_clip
