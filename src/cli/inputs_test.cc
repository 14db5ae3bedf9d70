#include "cli/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

class ExpandInputsTest : public testing::Test {
 protected:
  ExpandInputsTest() {
    fs::create_directories(folder_ / "below");
    for (const char* name : {"b.JPG", "a.png", "notes.txt", "below/c.webp", "odd [1].jpg"})
      EXPECT_TRUE(WriteFileAtomically(folder_ / name, "x").has_value());
  }
  ~ExpandInputsTest() override { fs::remove_all(folder_); }

  std::vector<std::string> Names(const std::vector<std::string>& arguments) {
    std::vector<std::string> in_folder;
    for (const std::string& argument : arguments) in_folder.push_back((folder_ / argument).string());
    std::vector<std::string> names;
    const auto paths = ExpandInputs(in_folder).value();
    for (const fs::path& path : paths) names.push_back(fs::relative(path, folder_).string());
    return names;
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ExpandInputsTest, TakesPicturesOfAFolderAndBelow) {
  EXPECT_THAT(Names({""}), testing::ElementsAre("a.png", "b.JPG", "below/c.webp", "odd [1].jpg"));
}

TEST_F(ExpandInputsTest, TakesNamedFilesAsTheyAre) {
  EXPECT_THAT(Names({"notes.txt", "odd [1].jpg"}), testing::ElementsAre("notes.txt", "odd [1].jpg"));
}

TEST_F(ExpandInputsTest, ExpandsPatterns) {
  EXPECT_THAT(Names({"*.png", "b*"}), testing::ElementsAre("a.png", "b.JPG", "below/c.webp"));
}

TEST_F(ExpandInputsTest, RefusesWhatIsNoFile) {
  for (const char* argument : {"a cat", "*.nothing"}) {
    const auto inputs = ExpandInputs({argument});
    ASSERT_FALSE(inputs.has_value());
    EXPECT_THAT(inputs.error().message, testing::HasSubstr("is no file or folder"));
  }
  fs::create_directories(folder_ / "empty");
  EXPECT_THAT(ExpandInputs({(folder_ / "empty").string()}).error().message, testing::HasSubstr("no pictures"));
}

}  // namespace
}  // namespace hailo_clip
