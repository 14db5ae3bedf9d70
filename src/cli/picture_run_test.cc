#include "cli/picture_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "base/file.h"
#include "base/semaphore.h"
#include "base/test_folder.h"
#include "cli/command.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

class PictureRunTest : public testing::Test {
 protected:
  PictureRunTest() {
    for (int i = 0; i < 100; ++i) {
      paths_.push_back(folder_.path() / fmt::format("{:03}.jpg", i));
      EXPECT_TRUE(WriteFileAtomically(paths_.back(), fmt::format("{}", i)).has_value());
    }
    run_ = {.at_once = 4,
            .max_bytes = 100,
            .work = [](const fs::path&, std::span<const std::byte> bytes) -> Result<std::string> {
              return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            },
            .take = [this](const fs::path& path, const std::string& record) -> Status {
              taken_.push_back(path.stem().string() + "=" + record);
              return {};
            }};
  }

  const TestFolder folder_;
  std::vector<fs::path> paths_;
  PictureWork run_;
  std::vector<std::string> taken_;
};

TEST_F(PictureRunTest, HandsOnTheRecordsInOrder) {
  EXPECT_EQ(RunOnPictures(paths_, run_), kExitDone);
  ASSERT_EQ(taken_.size(), 100U);
  EXPECT_EQ(taken_[7], "007=7");
  EXPECT_TRUE(std::ranges::is_sorted(taken_));
}

TEST_F(PictureRunTest, WaitsForASlowPictureWithABoundedNumberOfOthers) {
  std::atomic<int> begun = 0;
  Semaphore many_begun{0};
  const auto work = run_.work;
  run_.work = [&](const fs::path& path, std::span<const std::byte> bytes) -> Result<std::string> {
    if (++begun == 16) many_begun.Release();
    if (path == paths_.front()) {
      many_begun.Acquire();  // 15 others were begun, 4 at a time, 4 times as many ahead
      EXPECT_EQ(begun, 16);
    }
    return work(path, bytes);
  };
  EXPECT_EQ(RunOnPictures(paths_, run_), kExitDone);
  EXPECT_TRUE(std::ranges::is_sorted(taken_));
}

TEST_F(PictureRunTest, APictureThatFailsIsLeftOutAndTellsInTheStatus) {
  paths_[3] = folder_.path() / "missing.jpg";
  EXPECT_EQ(RunOnPictures(paths_, run_), kExitSomeFailed);
  EXPECT_EQ(taken_.size(), 99U);
}

TEST_F(PictureRunTest, EndsWhenNothingTakesTheRecords) {
  run_.take = [this](const fs::path&, const std::string&) -> Status {
    taken_.emplace_back();
    return Fail(ErrorCode::kInternal, "the disk is full");
  };
  EXPECT_EQ(RunOnPictures(paths_, run_), kExitSomeFailed);
  EXPECT_EQ(taken_.size(), 1U);
}

TEST_F(PictureRunTest, EndsWhenMemoryRunsOut) {
  run_.work = [](const fs::path&, std::span<const std::byte>) -> Result<std::string> { throw std::bad_alloc(); };
  EXPECT_EQ(RunOnPictures(paths_, run_), kExitNoModel) << "the status of kOutOfMemory";
  EXPECT_EQ(taken_.size(), 0U);
}

TEST_F(PictureRunTest, AnOutputGetsEachPictureOnce) {
  auto output = OutputFile::Open({.file = folder_.path() / "out.jsonl", .settings = "{}"});
  ASSERT_TRUE(output.has_value());
  EXPECT_TRUE((*output)->Append(paths_[0].string(), "before\n").has_value());
  EXPECT_EQ(RunInto(output->get(), {paths_[0], paths_[1], paths_[2], paths_[1]}, run_), kExitDone);
  EXPECT_EQ(ReadFile(folder_.path() / "out.jsonl", 1000).value(), "before\n12");
}

}  // namespace
}  // namespace hailo_clip
