#include "model/install.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "base/sha256.h"
#include "base/test_folder.h"
#include "model/archive.h"
#include "model/test_manifest.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A model with true hashes in models/NAME, and an empty folder of models to install it in.
class Install : public ::testing::Test {
 protected:
  InstalledModel Make(const std::string& name) const {
    Manifest manifest = TestManifest(name);
    const fs::path folder = folder_.path() / "models" / name;
    fs::create_directories(folder / "onnx");
    for (auto& [file, sha256] : manifest.tokenizer_sha256) sha256 = Write(folder / file);
    for (auto* encoder : {&manifest.encoders["onnx"].image, &manifest.encoders["onnx"].text}) {
      (*encoder)->sha256 = Write(folder / (*encoder)->file);
      for (auto& [file, sha256] : (*encoder)->data_files) sha256 = Write(folder / file);
    }
    EXPECT_TRUE(WriteFileAtomically(folder / kManifestFile, FormatManifest(manifest)).has_value());
    return {.manifest = manifest, .folder = folder, .fingerprint = Fingerprint(manifest)};
  }

  Result<ImportResult> InstallFrom(const fs::path& source, const std::string& name = "",
                                   const FinishImport& finish = {}) const {
    return InstallModel({.source = source, .target = target(), .name = name, .replace = false}, finish);
  }

  // Whether nothing, hidden or not, is in the folder of models.
  [[nodiscard]] bool NothingInstalled() const { return !fs::exists(target()) || fs::is_empty(target()); }

  [[nodiscard]] fs::path target() const { return folder_.path() / "target"; }

  TestFolder folder_;

 private:
  static std::string Write(const fs::path& file) {
    const std::string content = "content of " + file.filename().string();
    EXPECT_TRUE(WriteFileAtomically(file, content).has_value());
    return *Sha256HexOfFile(file);
  }
};

TEST_F(Install, AnExportedModelComesBackWithItsFingerprint) {
  const InstalledModel model = Make("clip");
  const fs::path tar = folder_.path() / "any.tar";
  const Status exported = ExportModel(model, tar);
  ASSERT_TRUE(exported.has_value()) << exported.error().message;
  const auto installed = InstallFrom(tar);
  ASSERT_TRUE(installed.has_value()) << installed.error().message;
  EXPECT_EQ(installed->fingerprint, model.fingerprint);
  const auto found = ModelStore({target()}).Find("clip");
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(VerifyFiles(*found).has_value());
  EXPECT_EQ(std::distance(fs::directory_iterator(target()), {}), 1);  // what was unpacked is gone
}

TEST_F(Install, AnotherNameIsSaid) {
  const InstalledModel model = Make("clip");
  const auto installed = InstallFrom(model.folder, "other");
  ASSERT_TRUE(installed.has_value()) << installed.error().message;
  EXPECT_NE(installed->fingerprint, model.fingerprint);
  ASSERT_EQ(installed->notes.size(), 1U);
  EXPECT_TRUE(ModelStore({target()}).Find("other").has_value());
}

TEST_F(Install, AChangedFileIsRefused) {
  const InstalledModel model = Make("clip");
  ASSERT_TRUE(WriteFileAtomically(model.folder / "image.onnx", "changed").has_value());
  EXPECT_THAT(InstallFrom(model.folder).error().message, HasSubstr("image.onnx is not the file"));
  EXPECT_TRUE(NothingInstalled());
  EXPECT_FALSE(ExportModel(model, folder_.path() / "x.tar").has_value());
}

TEST_F(Install, WhatTheCheckRefusesIsNotInstalled) {
  const InstalledModel model = Make("clip");
  const auto result = InstallFrom(model.folder, "", [](StagedModel& staged) -> Status {
    EXPECT_TRUE(fs::exists(staged.folder / "image.onnx"));
    return Fail(ErrorCode::kBadModel, "does not reproduce its vectors");
  });
  EXPECT_EQ(result.error().message, "does not reproduce its vectors");
  EXPECT_TRUE(NothingInstalled());
}

TEST_F(Install, ATakenOrReservedNameIsRefused) {
  const InstalledModel model = Make("clip");
  ASSERT_TRUE(InstallFrom(model.folder).has_value());
  EXPECT_THAT(InstallFrom(model.folder).error().message, HasSubstr("is there already"));
  EXPECT_THAT(InstallFrom(model.folder, "starter").error().message, HasSubstr("reserved"));
  EXPECT_THAT(InstallFrom(model.folder, "../up").error().message, HasSubstr("--name"));
}

TEST_F(Install, APublishedFolderInATarIsImported) {
  const fs::path source = fs::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/models/xenova";
  fs::copy(source, folder_.path() / "tiny", fs::copy_options::recursive);
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "tiny/tokenizer.json", "{}").has_value());
  const std::vector<std::string> files = {"config.json", "preprocessor_config.json", "tokenizer.json",
                                          "onnx/vision_model.onnx", "onnx/text_model.onnx"};
  ASSERT_TRUE(PackFolder(folder_.path() / "tiny", files, "tiny", folder_.path() / "download.tar").has_value());
  const auto installed = InstallFrom(folder_.path() / "download.tar");
  ASSERT_TRUE(installed.has_value()) << installed.error().message;
  EXPECT_EQ(installed->manifest.name, "tiny");
}

TEST_F(Install, RemovingIsForInstalledModelsOnly) {
  const InstalledModel model = Make("clip");
  ASSERT_TRUE(RemoveModel(model).has_value());
  EXPECT_TRUE(fs::is_empty(folder_.path() / "models"));
  const InstalledModel starter = Make("starter");
  EXPECT_EQ(RemoveModel(starter).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(fs::exists(starter.folder / kManifestFile));
}

}  // namespace
}  // namespace hailo_clip
