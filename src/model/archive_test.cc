#include "model/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/file.h"
#include "base/sha256.h"
#include "base/test_folder.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Archive : public ::testing::Test {
 protected:
  struct Entry {
    std::string name;
    std::string content;
    mode_t type = AE_IFREG;
    std::string link = {};
  };

  // A tar with these entries, as somebody hostile would write it.
  fs::path Tar(const std::vector<Entry>& entries, bool gzip = false) const {
    const fs::path file = folder_.path() / "hostile.tar";
    ::archive* handle = ::archive_write_new();
    ::archive_write_set_format_pax_restricted(handle);
    if (gzip) ::archive_write_add_filter_gzip(handle);
    EXPECT_EQ(::archive_write_open_filename(handle, file.c_str()), ARCHIVE_OK);
    for (const Entry& one : entries) {
      ::archive_entry* entry = ::archive_entry_new();
      ::archive_entry_set_pathname(entry, one.name.c_str());
      ::archive_entry_set_filetype(entry, one.type);
      ::archive_entry_set_perm(entry, 0644);
      ::archive_entry_set_size(entry, static_cast<la_int64_t>(one.content.size()));
      if (one.type == AE_IFLNK) ::archive_entry_set_symlink(entry, one.link.c_str());
      if (one.type == AE_IFREG && !one.link.empty()) ::archive_entry_set_hardlink(entry, one.link.c_str());
      EXPECT_EQ(::archive_write_header(handle, entry), ARCHIVE_OK);
      ::archive_write_data(handle, one.content.data(), one.content.size());
      ::archive_entry_free(entry);
    }
    ::archive_write_free(handle);
    return file;
  }

  std::string Refusal(const fs::path& archive, const UnpackLimits& limits = {}) const {
    fs::create_directories(target());
    const Status status = UnpackArchive(archive, target(), limits);
    return status.has_value() ? "(no error)" : status.error().message;
  }

  [[nodiscard]] fs::path target() const { return folder_.path() / "target"; }

  TestFolder folder_;
};

TEST_F(Archive, UnpacksWhatWasPacked) {
  const fs::path source = folder_.path() / "model";
  fs::create_directories(source / "onnx");
  ASSERT_TRUE(WriteFileAtomically(source / "manifest.yaml", "schema: 1\n").has_value());
  const std::string large(3'000'000, 'w');
  ASSERT_TRUE(WriteFileAtomically(source / "onnx/image.onnx", large).has_value());
  const fs::path tar = folder_.path() / "model.tar";
  ASSERT_TRUE(PackFolder(source, {"manifest.yaml", "onnx/image.onnx"}, "clip", tar).has_value());
  EXPECT_EQ(Refusal(tar), "(no error)");
  EXPECT_EQ(*ReadFile(target() / "clip/manifest.yaml", 100), "schema: 1\n");
  EXPECT_EQ(*ReadFile(target() / "clip/onnx/image.onnx", 1U << 23U), large);
}

TEST_F(Archive, EqualFilesGiveEqualBytes) {
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "a", "content").has_value());
  ASSERT_TRUE(PackFolder(folder_.path(), {"a"}, "m", folder_.path() / "1.tar").has_value());
  fs::last_write_time(folder_.path() / "a", fs::file_time_type::clock::now() - std::chrono::hours(100));
  fs::permissions(folder_.path() / "a", fs::perms::owner_all);
  ASSERT_TRUE(PackFolder(folder_.path(), {"a"}, "m", folder_.path() / "2.tar").has_value());
  EXPECT_EQ(*Sha256HexOfFile(folder_.path() / "1.tar"), *Sha256HexOfFile(folder_.path() / "2.tar"));
}

TEST_F(Archive, PacksNothingOverAFileOrWithoutItsSource) {
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "there.tar", "x").has_value());
  EXPECT_FALSE(PackFolder(folder_.path(), {"there.tar"}, "m", folder_.path() / "there.tar").has_value());
  EXPECT_EQ(*ReadFile(folder_.path() / "there.tar", 10), "x");
  EXPECT_FALSE(PackFolder(folder_.path(), {"missing"}, "m", folder_.path() / "new.tar").has_value());
  EXPECT_FALSE(fs::exists(folder_.path() / "new.tar"));
  EXPECT_FALSE(fs::exists(folder_.path() / "new.tar.part"));
}

TEST_F(Archive, RefusesNamesThatLeaveTheFolder) {
  EXPECT_THAT(Refusal(Tar({{"../evil", "x"}})), HasSubstr("'../evil' that leaves the folder"));
  EXPECT_THAT(Refusal(Tar({{"a/../../evil", "x"}})), HasSubstr("leaves the folder"));
  EXPECT_THAT(Refusal(Tar({{"/etc/evil", "x"}})), HasSubstr("absolute"));
  EXPECT_FALSE(fs::exists(folder_.path() / "evil"));
}

TEST_F(Archive, RefusesWhatIsNoRegularFile) {
  EXPECT_THAT(Refusal(Tar({{"link", "", AE_IFLNK, "/etc"}, {"link/passwd", "x"}})), HasSubstr("no regular file"));
  EXPECT_THAT(Refusal(Tar({{"a", "x"}, {"b", "", AE_IFREG, "a"}})), HasSubstr("no regular file"));
  EXPECT_THAT(Refusal(Tar({{"pipe", "", AE_IFIFO}})), HasSubstr("no regular file"));
  EXPECT_THAT(Refusal(Tar({{"device", "", AE_IFCHR}})), HasSubstr("no regular file"));
}

TEST_F(Archive, RefusesANameThatIsThereTwice) {
  EXPECT_THAT(Refusal(Tar({{"a", "x"}, {"./a", "y"}})), HasSubstr("'a' twice"));
  fs::remove_all(target());
  EXPECT_THAT(Refusal(Tar({{"a", "x"}, {"a/b", "y"}})), HasSubstr("twice"));
}

TEST_F(Archive, RefusesBombs) {
  const fs::path bomb = Tar({{"zeros", std::string(std::size_t{4} << 20U, '\0')}}, true);
  ASSERT_LT(fs::file_size(bomb), 100'000U);
  EXPECT_THAT(Refusal(bomb, {.spare_bytes = 1'000'000}), HasSubstr("unpacks to more than"));
  EXPECT_LT(fs::file_size(target() / "zeros"), 2'000'000U);
  fs::remove_all(target());
  EXPECT_EQ(Refusal(bomb), "(no error)");
  fs::remove_all(target());
  EXPECT_THAT(Refusal(Tar({{"a", ""}, {"b", ""}, {"c", ""}}), {.max_entries = 2}), HasSubstr("more than 2 entries"));
}

TEST_F(Archive, RefusesWhatIsNoArchiveOrCutOff) {
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "text.tar", std::string(2000, 'x')).has_value());
  EXPECT_THAT(Refusal(folder_.path() / "text.tar"), HasSubstr("cannot be read as a tar"));
  EXPECT_THAT(Refusal(folder_.path() / "missing.tar"), HasSubstr("cannot open"));
  for (const bool gzip : {false, true}) {
    std::string noise;
    for (unsigned i = 0, state = 1; i < 50'000; ++i)
      noise += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    const fs::path whole = Tar({{"a", noise}}, gzip);
    fs::resize_file(whole, fs::file_size(whole) / 2);
    fs::remove_all(target());
    EXPECT_THAT(Refusal(whole), HasSubstr("cannot be read"));
  }
}

}  // namespace
}  // namespace hailo_clip
