#include "model/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/test_folder.h"
#include "model/test_manifest.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Store : public ::testing::Test {
 protected:
  // A model folder with the files of TestManifest, imported `age` ago.
  fs::path Install(const fs::path& folder, const std::string& name, std::chrono::minutes age = {}) {
    fs::create_directories(folder / name / "onnx");
    for (const auto& [file, content] : {std::pair{"vocab.json", "v"},
                                        {"merges.txt", "m"},
                                        {"image.onnx", "i"},
                                        {"text.onnx", "t"},
                                        {"onnx/text.onnx_data", "d"}})
      EXPECT_TRUE(WriteFileAtomically(folder / name / file, content).has_value());
    const fs::path manifest = folder / name / kManifestFile;
    EXPECT_TRUE(WriteFileAtomically(manifest, FormatManifest(TestManifest(name))).has_value());
    fs::last_write_time(manifest, fs::file_time_type::clock::now() - age);
    return folder / name;
  }

  TestFolder folder_;
  const fs::path root_ = folder_.path();
};

TEST_F(Store, ListsModelsInTheOrderOfTheFoldersAndTheFirstOfANameWins) {
  Install(root_ / "first", "b");
  Install(root_ / "first", "a");
  Install(root_ / "second", "c");
  Install(root_ / "second", "B");
  const StoreListing listing = ModelStore({root_ / "first", root_ / "missing", root_ / "second"}).List();
  std::vector<std::string> names;
  for (const InstalledModel& model : listing.models) names.push_back(model.manifest.name);
  EXPECT_THAT(names, ElementsAre("a", "b", "c"));
  EXPECT_TRUE(listing.broken.empty());
  EXPECT_EQ(listing.models[0].fingerprint, Fingerprint(TestManifest("a")));
  EXPECT_EQ(listing.models[0].folder, root_ / "first/a");
}

TEST_F(Store, ReportsBrokenFoldersAndIgnoresHiddenOnesAndFiles) {
  Install(root_, "good");
  Install(root_, ".import-abcdef");
  ASSERT_TRUE(WriteFileAtomically(root_ / "README", "x").has_value());
  fs::create_directories(root_ / "cloned");
  fs::create_directories(root_ / "damaged");
  ASSERT_TRUE(WriteFileAtomically(root_ / "damaged" / kManifestFile, "schema: 1\nname: 7\n").has_value());
  fs::rename(Install(root_, "before"), root_ / "renamed");
  fs::create_directories(root_ / "with space");
  const StoreListing listing = ModelStore({root_}).List();
  ASSERT_EQ(listing.models.size(), 1U);
  ASSERT_EQ(listing.broken.size(), 4U);
  EXPECT_THAT(listing.broken[0].error.message, HasSubstr("hailo-clip models import"));
  EXPECT_THAT(listing.broken[1].error.message, HasSubstr("manifest.yaml:"));
  EXPECT_THAT(listing.broken[2].error.message, HasSubstr("'name: before'"));
  EXPECT_THAT(listing.broken[3].error.message, HasSubstr("'with space'"));
}

TEST_F(Store, FindsByNameWithoutRegardToCase) {
  Install(root_, "Clip-B");
  const auto model = ModelStore({root_}).Find("clip-b");
  ASSERT_TRUE(model.has_value()) << model.error().message;
  EXPECT_EQ(model->manifest.name, "Clip-B");
}

TEST_F(Store, FindSaysWhatIsInstalled) {
  Install(root_, "clip-a");
  Install(root_, "clip-b");
  const auto missing = ModelStore({root_}).Find("clip-c");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("clip-a, clip-b"));
}

TEST_F(Store, FindRefusesABrokenModelAndNamesThatAreNoNames) {
  fs::create_directories(root_ / "cloned");
  const auto broken = ModelStore({root_}).Find("cloned");
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().code, ErrorCode::kBadModel);
  Install(root_ / "other", "secret");
  const auto traversal = ModelStore({root_}).Find("other/secret");
  ASSERT_FALSE(traversal.has_value());
  EXPECT_EQ(traversal.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Store, TheBestIsTheMostRecentImportThatIsNotTheStarter) {
  using std::chrono::minutes;
  Install(root_, "starter", minutes(0));
  EXPECT_EQ(ModelStore({root_}).FindBest()->manifest.name, "starter");
  Install(root_, "older", minutes(30));
  Install(root_, "newer", minutes(10));
  Install(root_, "oldest", minutes(60));
  EXPECT_EQ(ModelStore({root_}).FindBest()->manifest.name, "newer");
  ASSERT_TRUE(WriteFileAtomically(root_ / "newer" / kManifestFile, "broken").has_value());
  EXPECT_EQ(ModelStore({root_}).FindBest()->manifest.name, "older");
}

TEST_F(Store, TheBestForABackendHasItsEncoders) {
  Install(root_, "clip");
  EXPECT_TRUE(ModelStore({root_}).FindBest("onnx").has_value());
  const auto none = ModelStore({root_}).FindBest("hailo");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(none.error().message, HasSubstr("'hailo'"));
  EXPECT_THAT(none.error().message, HasSubstr(root_.string()));
}

TEST_F(Store, VerifyNamesTheFileThatIsMissingOrDiffers) {
  const fs::path folder = Install(root_, "clip");
  const auto model = ModelStore({root_}).Find("clip");
  ASSERT_TRUE(model.has_value());
  EXPECT_TRUE(VerifyFiles(*model).has_value());
  ASSERT_TRUE(WriteFileAtomically(folder / "text.onnx", "T").has_value());
  EXPECT_THAT(VerifyFiles(*model).error().message, HasSubstr("text.onnx is not the file that was imported"));
  fs::remove(folder / "image.onnx");
  EXPECT_THAT(VerifyFiles(*model).error().message, HasSubstr("image.onnx is missing"));
  EXPECT_EQ(VerifyFiles(*model).error().code, ErrorCode::kBadModel);
}

TEST_F(Store, ImportsGoToTheFirstFolderThatCanBeWritten) {
  ASSERT_TRUE(WriteFileAtomically(root_ / "file", "x").has_value());
  const auto folder = ModelStore({root_ / "file/models", root_ / "new/models", root_}).WritableFolder();
  ASSERT_TRUE(folder.has_value());
  EXPECT_EQ(*folder, root_ / "new/models");
  EXPECT_TRUE(fs::is_directory(root_ / "new/models"));
  EXPECT_EQ(ModelStore({root_ / "file/models"}).WritableFolder().error().code, ErrorCode::kUnavailable);
}

TEST(ModelStoreFolders, FollowTheDocumentedOrderWithoutRepetition) {
  ASSERT_EQ(::setenv("XDG_DATA_HOME", "/home/me/data", 1), 0);
  EXPECT_THAT(ModelStore::DefaultFolders({"/srv/a/", "/var/lib/hailo-clip/models"}, "/usr/share/hailo-clip"),
              ElementsAre("/srv/a/", "/var/lib/hailo-clip/models", "/home/me/data/hailo-clip/models",
                          "/usr/share/hailo-clip/models"));
  ASSERT_EQ(::setenv("XDG_DATA_HOME", "relative", 1), 0);
  ASSERT_EQ(::setenv("HOME", "/home/me", 1), 0);
  EXPECT_THAT(ModelStore::DefaultFolders({}, "/usr/share/hailo-clip"),
              ElementsAre("/home/me/.local/share/hailo-clip/models", "/var/lib/hailo-clip/models",
                          "/usr/share/hailo-clip/models"));
}

TEST_F(Store, AutoTakesTheChosenDefault) {
  Install(root_, "newest");
  Install(root_, "older", std::chrono::minutes(5));
  const ModelStore store({root_});
  EXPECT_EQ(store.FindBest()->manifest.name, "newest");
  ASSERT_TRUE(store.SetDefault("OLDER").has_value());
  EXPECT_EQ(store.FindBest()->manifest.name, "older");
  EXPECT_EQ(store.FindDefault()->name, "older");
  ASSERT_TRUE(store.SetDefault("").has_value());
  EXPECT_EQ(store.FindBest()->manifest.name, "newest");
}

TEST_F(Store, ADefaultThatIsGoneIsAnErrorAndNoOtherModel) {
  const fs::path chosen = Install(root_, "chosen");
  Install(root_, "other");
  const ModelStore store({root_});
  EXPECT_EQ(store.SetDefault("missing").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(store.SetDefault("chosen").has_value());
  fs::remove_all(chosen);
  const auto best = store.FindBest();
  ASSERT_FALSE(best.has_value());
  EXPECT_EQ(best.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(best.error().message, HasSubstr("chooses 'chosen'"));
}

}  // namespace
}  // namespace hailo_clip
