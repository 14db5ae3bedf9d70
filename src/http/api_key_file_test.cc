#include "http/api_key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>
#include <vector>

#include "base/file.h"
#include "base/test_folder.h"

namespace hailo_clip::http {
namespace {

using ::testing::HasSubstr;

class ApiKeyFileTest : public testing::Test {
 protected:
  // Adds a key to the file and gives its text.
  std::string Add(const std::string& name) const {
    std::string text;
    const Status changed = ChangeApiKeys(path_, [&](ApiKeys& keys) -> Status {
      HC_ASSIGN(text, keys.Add(name, 0));
      return {};
    });
    EXPECT_TRUE(changed.has_value()) << changed.error().message;
    return text;
  }

  const TestFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "keys";
};

TEST_F(ApiKeyFileTest, NoFileMeansNoKeys) {
  const auto keys = ReadApiKeys(path_);
  ASSERT_TRUE(keys.has_value()) << keys.error().message;
  EXPECT_TRUE(keys->empty());
  EXPECT_TRUE(ReadApiKeys(folder_.path() / "no folder" / "keys")->empty());
}

TEST_F(ApiKeyFileTest, WhatCannotBeReadIsAnErrorAndNotAnOpenService) {
  std::filesystem::create_directory(path_);
  EXPECT_EQ(ReadApiKeys(path_).error().code, ErrorCode::kInvalidArgument);
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(folder_.path() / "gone", path_);
  EXPECT_EQ(ReadApiKeys(path_).error().code, ErrorCode::kInvalidArgument);
  std::filesystem::remove(path_);
  ASSERT_TRUE(WriteFileAtomically(path_, "damaged").has_value());
  EXPECT_THAT(ReadApiKeys(path_).error().message, HasSubstr("keys:1: "));
  ASSERT_TRUE(WriteFileAtomically(path_, std::string(600'000, '#')).has_value());
  EXPECT_FALSE(ReadApiKeys(path_).has_value());
}

TEST_F(ApiKeyFileTest, IsForOwnerAndGroupOfTheFolderOnly) {
  const std::string key = Add("a");
  struct stat file{}, folder{};
  ASSERT_EQ(::stat(path_.c_str(), &file), 0);
  ASSERT_EQ(::stat(folder_.path().c_str(), &folder), 0);
  EXPECT_EQ(file.st_mode & 07777U, 0640U);
  EXPECT_EQ(file.st_gid, folder.st_gid);
  EXPECT_NE(ReadApiKeys(path_)->Find(key), nullptr);
}

TEST_F(ApiKeyFileTest, AChangeThatFailsLeavesTheFile) {
  const std::string key = Add("a");
  const Status failed = ChangeApiKeys(path_, [](ApiKeys& keys) {
    EXPECT_TRUE(keys.Revoke("a").has_value());
    return keys.Revoke("b");
  });
  EXPECT_EQ(failed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(ReadApiKeys(path_)->Find(key), nullptr);
}

TEST_F(ApiKeyFileTest, ChangesAtTheSameTimeAreAllKept) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([this, i] {
        for (int j = 0; j < 4; ++j) Add(fmt::format("k{}-{}", i, j));
      });
  }
  EXPECT_EQ(ReadApiKeys(path_)->all().size(), 32U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(ApiKeyFileTest, NamesAFolderThatIsNotThere) {
  const Status changed = ChangeApiKeys(folder_.path() / "none" / "keys", [](ApiKeys&) -> Status { return {}; });
  EXPECT_EQ(changed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(changed.error().message, HasSubstr("server.keys_file"));
}

TEST_F(ApiKeyFileTest, AWatchSeesKeysThatComeAndGo) {
  ApiKeyWatch watch;
  ASSERT_TRUE(watch.Read(path_).has_value());
  EXPECT_FALSE(watch.Changed());
  const std::string key = Add("a");
  EXPECT_TRUE(watch.Changed());
  EXPECT_NE(watch.Read(path_)->Find(key), nullptr);
  EXPECT_FALSE(watch.Changed());
  ASSERT_TRUE(ChangeApiKeys(path_, [](ApiKeys& keys) { return keys.Revoke("a"); }).has_value());
  EXPECT_TRUE(watch.Changed());
  EXPECT_TRUE(watch.Read(path_)->empty()) << "an empty file is a decision";
  std::filesystem::remove(path_);
  EXPECT_TRUE(watch.Changed());
  EXPECT_TRUE(watch.Read(path_).has_value()) << "there were no keys any more";
}

TEST_F(ApiKeyFileTest, AWatchTakesAMissingOrDamagedFileForAnErrorOnce) {
  ApiKeyWatch watch;
  Add("a");
  ASSERT_TRUE(watch.Read(path_).has_value());
  std::filesystem::remove(path_);
  EXPECT_TRUE(watch.Changed());
  EXPECT_THAT(watch.Read(path_).error().message, HasSubstr("--last"));
  EXPECT_FALSE(watch.Changed());
  EXPECT_FALSE(watch.Read(folder_.path() / "other").has_value()) << "neither by another name";
  EXPECT_EQ(watch.path(), path_);
  ASSERT_TRUE(WriteFileAtomically(path_, "damaged").has_value());
  EXPECT_TRUE(watch.Changed());
  EXPECT_FALSE(watch.Read(path_).has_value());
  EXPECT_FALSE(watch.Changed());
  std::filesystem::remove(path_);
  Add("b");
  EXPECT_TRUE(watch.Changed());
  EXPECT_EQ(watch.Read(path_)->all().size(), 1U);
}

}  // namespace
}  // namespace hailo_clip::http
