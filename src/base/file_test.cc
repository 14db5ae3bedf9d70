#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace hailo_clip {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() { std::filesystem::create_directories(folder_); }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(FileTest, ReplacesAtomicallyAndLeavesNothingBeside) {
  const auto path = folder_ / "a";
  ASSERT_TRUE(WriteFileAtomically(path, "old").has_value());
  ASSERT_TRUE(WriteFileAtomically(path, std::string("new\0x", 5)).has_value());
  EXPECT_EQ(ReadFile(path, 100), std::string("new\0x", 5));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(FileTest, GivesTheFileItsModeAndGroup) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", "x", {.mode = 0640, .group = ::getgid()}).has_value());
  struct stat info{};
  ASSERT_EQ(::stat((folder_ / "a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0640U);
  EXPECT_EQ(info.st_gid, ::getgid());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "b", "x").has_value());
  ASSERT_EQ(::stat((folder_ / "b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0644U);
}

TEST_F(FileTest, NamesWhatCannotBeRead) {
  EXPECT_EQ(ReadFile(folder_ / "none", 100).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadFile(folder_, 100).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "big", "12345").has_value());
  EXPECT_EQ(ReadFile(folder_ / "big", 4).error().code, ErrorCode::kTooLarge);
}

TEST_F(FileTest, FailsWhereTheFolderDoesNotExist) {
  EXPECT_FALSE(WriteFileAtomically(folder_ / "no" / "file", "x").has_value());
}

}  // namespace
}  // namespace hailo_clip
