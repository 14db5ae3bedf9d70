#include "model/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/sha256.h"
#include "base/test_folder.h"
#include "model/store.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const fs::path kPublished = fs::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/models/xenova";

// A writable copy of the golden model with stand-ins for the tokenizer files, and an empty folder of models.
class Importer : public ::testing::Test {
 protected:
  void SetUp() override {
    source_ = root_ / "published/Tiny";
    target_ = root_ / "models";
    fs::create_directories(source_.parent_path());
    fs::copy(kPublished, source_, fs::copy_options::recursive);
    Write("tokenizer.json", "{}");
  }

  void Write(const fs::path& file, std::string_view text) {
    ASSERT_TRUE(WriteFileAtomically(source_ / file, text).has_value());
  }
  void Change(const fs::path& file, std::string_view from, std::string_view to) {
    std::string text = *ReadFile(source_ / file, 1U << 20U);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    Write(file, text.replace(at, from.size(), to));
  }
  Result<ImportResult> Import(const FinishImport& finish = {}) const {
    return ImportModel({.source = source_, .target = target_, .name = "", .replace = false}, finish);
  }
  // The error of an import, which must leave nothing behind.
  std::string Refusal(const FinishImport& finish = {}) const {
    const auto result = Import(finish);
    EXPECT_TRUE(!fs::exists(target_) || fs::is_empty(target_));
    return result.has_value() ? "(no error)" : result.error().message;
  }

  const TestFolder folder_;
  const fs::path root_ = folder_.path();
  fs::path source_, target_;
};

TEST_F(Importer, MakesAModelThatTheStoreFinds) {
  const auto result = Import();
  ASSERT_TRUE(result.has_value()) << result.error().message;
  const ModelStore store({target_});
  const auto model = store.Find("Tiny");
  ASSERT_TRUE(model.has_value()) << model.error().message;
  EXPECT_EQ(model->folder, result->folder);
  EXPECT_EQ(model->fingerprint, result->fingerprint);
  EXPECT_TRUE(VerifyFiles(*model).has_value());
  EXPECT_TRUE(store.List().broken.empty());
  EXPECT_EQ(std::distance(fs::directory_iterator(target_), fs::directory_iterator()), 1);
}

// Reference: config.json and preprocessor_config.json of the golden model, and its `facts` line (logit scale as
// PyTorch's float32 exp gives it; tolerance: one unit in the last place or so).
TEST_F(Importer, TakesEverythingFromThePublishedFiles) {
  const auto result = Import();
  ASSERT_TRUE(result.has_value()) << result.error().message;
  const Manifest& manifest = result->manifest;
  EXPECT_EQ(manifest.family, ModelFamily::kClip);
  EXPECT_EQ(manifest.embedding_dimension, 32);
  EXPECT_EQ(manifest.scoring.activation, Activation::kSoftmax);
  EXPECT_NEAR(manifest.scoring.logit_scale, 14.284855842590332, 2e-6);
  EXPECT_EQ(manifest.image.resize_mode, ResizeMode::kShortestSide);
  EXPECT_EQ(manifest.image.resize_size, 32);
  EXPECT_EQ(manifest.image.crop_size, 32);
  EXPECT_EQ(manifest.image.crop_rounding, CropRounding::kHalfToEven);
  EXPECT_THAT(manifest.image.mean, ElementsAre(0.48145466F, 0.4578275F, 0.40821073F));
  EXPECT_THAT(manifest.image.standard_deviation, ElementsAre(0.26862954F, 0.26130258F, 0.27577711F));
  EXPECT_EQ(manifest.text.context_length, 77);
  EXPECT_THAT(manifest.text.tokenizer.files, ElementsAre("tokenizer.json"));
  EXPECT_EQ(manifest.tokenizer_sha256.at("tokenizer.json"), Sha256Hex("{}"));
  const BackendFiles& files = manifest.encoders.at("onnx");
  EXPECT_EQ(files.image->file, "onnx/vision_model.onnx");
  EXPECT_EQ(files.image->sha256, *Sha256HexOfFile(kPublished / "onnx/vision_model.onnx"));
  EXPECT_EQ(files.image->input, "pixel_values");
  EXPECT_EQ(files.image->output, "image_embeds");
  EXPECT_EQ(files.text->input, "input_ids");
  EXPECT_EQ(files.text->output, "text_embeds");
  EXPECT_THAT(result->notes, ElementsAre(HasSubstr("logit_scale is 14.28")));
}

TEST_F(Importer, FinishSeesTheFilesAndCompletesTheManifest) {
  const auto result = Import([&](StagedModel& model) -> Status {
    const fs::path& staged = model.folder;
    Manifest& manifest = model.manifest;
    EXPECT_EQ(staged.parent_path(), target_);
    EXPECT_FALSE(model.logits_graph.has_value());
    EXPECT_TRUE(staged.filename().string().starts_with('.'));
    EXPECT_EQ(*Sha256HexOfFile(staged / "onnx/text_model.onnx"), manifest.encoders.at("onnx").text->sha256);
    EXPECT_TRUE(ModelStore({target_}).List().models.empty());
    manifest.encoders.at("onnx").text->attention_mask = "attention_mask";
    return {};
  });
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(ModelStore({target_}).Find("Tiny")->manifest.encoders.at("onnx").text->attention_mask, "attention_mask");
}

TEST_F(Importer, LeavesNothingBehindWhenFinishRefuses) {
  EXPECT_EQ(Refusal([](StagedModel&) -> Status { return Fail(ErrorCode::kBadModel, "no such output"); }),
            "no such output");
  EXPECT_THAT(Refusal([](StagedModel& model) -> Status {
                model.manifest.scoring.logit_scale = NAN;
                return {};
              }),
              HasSubstr("scoring.logit_scale"));
}

TEST_F(Importer, ReplacesOnlyWhenAsked) {
  ASSERT_TRUE(Import().has_value());
  const auto again = Import();
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(again.error().message, HasSubstr("is there already"));
  Write("tokenizer.json", "[]");
  const auto replaced = ImportModel({.source = source_, .target = target_, .name = "Tiny", .replace = true}, {});
  ASSERT_TRUE(replaced.has_value()) << replaced.error().message;
  EXPECT_EQ(*ReadFile(target_ / "Tiny/tokenizer.json", 100), "[]");
  EXPECT_EQ(std::distance(fs::directory_iterator(target_), fs::directory_iterator()), 1);
}

TEST_F(Importer, RefusesNamesThatCannotBe) {
  for (const std::string name : {"a/b", "..", ".hidden", "starter", "AUTO", "with space"}) {
    const auto result = ImportModel({.source = source_, .target = target_, .name = name, .replace = false}, {});
    ASSERT_FALSE(result.has_value()) << name;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(result.error().message, HasSubstr("--name"));
  }
  ASSERT_TRUE(Import().has_value());
  const auto other_case = ImportModel({.source = source_, .target = target_, .name = "tiny", .replace = false}, {});
  EXPECT_FALSE(other_case.has_value());
}

TEST_F(Importer, FollowsTheLinksOfADownloadCacheAndTakesItsName) {
  const fs::path repository = root_ / "hub/models--someone--clip-tiny";
  const fs::path snapshot = repository / "snapshots/0123456789abcdef0123456789abcdef01234567";
  fs::create_directories(snapshot / "onnx");
  fs::create_directories(repository / "blobs");
  for (const std::string file : {"config.json", "preprocessor_config.json", "tokenizer.json", "onnx/text_model.onnx",
                                 "onnx/vision_model.onnx"}) {
    const fs::path blob = repository / "blobs" / fs::path(file).filename();
    fs::copy_file(source_ / file, blob);
    fs::create_symlink(blob, snapshot / file);
  }
  const auto result = ImportModel({.source = snapshot, .target = target_, .name = "", .replace = false}, {});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->manifest.name, "clip-tiny");
  EXPECT_EQ(result->manifest.source, "Hugging Face someone/clip-tiny");
  EXPECT_EQ(result->manifest.revision, "0123456789abcdef0123456789abcdef01234567");
  EXPECT_FALSE(fs::is_symlink(target_ / "clip-tiny/onnx/text_model.onnx"));
}

TEST_F(Importer, RefusesWhatIsNoFileOrOnlyAPointer) {
  fs::remove(source_ / "tokenizer.json");
  EXPECT_THAT(Refusal(), HasSubstr("no file of its tokenizer: tokenizer.json, or vocab.json and merges.txt"));
  ASSERT_EQ(::mkfifo((source_ / "tokenizer.json").c_str(), 0600), 0);
  EXPECT_THAT(Refusal(), HasSubstr("no file of its tokenizer"));
  fs::remove(source_ / "tokenizer.json");
  Write("tokenizer.json", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
  EXPECT_THAT(Refusal(), HasSubstr("git lfs pull"));
}

TEST_F(Importer, TakesVocabularyAndMergesAndExternalData) {
  fs::remove(source_ / "tokenizer.json");
  Write("vocab.json", "v");
  Write("merges.txt", "m");
  Write("onnx/text_model.onnx_data", "weights");
  Write("onnx/vision_model.onnx.data", "more");
  const auto result = Import();
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_THAT(result->manifest.text.tokenizer.files, ElementsAre("vocab.json", "merges.txt"));
  const BackendFiles& files = result->manifest.encoders.at("onnx");
  EXPECT_EQ(files.text->data_files.at("onnx/text_model.onnx_data"), Sha256Hex("weights"));
  EXPECT_EQ(files.image->data_files.at("onnx/vision_model.onnx.data"), Sha256Hex("more"));
  EXPECT_TRUE(VerifyFiles(*ModelStore({target_}).Find("Tiny")).has_value());
}

TEST_F(Importer, SaysWhichGraphIsMissingAndWhatIsThereInstead) {
  fs::rename(source_ / "onnx/vision_model.onnx", source_ / "onnx/vision_model_quantized.onnx");
  EXPECT_THAT(Refusal(),
              HasSubstr("no onnx/vision_model.onnx; there is onnx/vision_model_quantized.onnx (--precision int8)"));
  source_ /= "nowhere";
  EXPECT_THAT(Refusal(), HasSubstr("is not a folder"));
}

TEST_F(Importer, RefusesFoldersThatAreNotClip) {
  Change("config.json", "\"model_type\": \"clip\"", "\"model_type\": \"blip\"");
  EXPECT_THAT(Refusal(), HasSubstr("config.json: model_type is 'blip'; known are clip, siglip"));
  Write("config.json", "{\"model_type\": 7}");
  EXPECT_THAT(Refusal(), HasSubstr("config.json: model_type must be text"));
  Write("config.json", "[1");
  EXPECT_THAT(Refusal(), HasSubstr("config.json is not a JSON object"));
  fs::remove(source_ / "config.json");
  EXPECT_THAT(Refusal(), HasSubstr("config.json"));
}

TEST_F(Importer, RefusesConfigurationsThatContradictEachOther) {
  Change("config.json", "\"num_channels\": 3", "\"num_channels\": 1");
  EXPECT_THAT(Refusal(), HasSubstr("vision_config.num_channels must be 3"));
  Change("config.json", "\"num_channels\": 1", "\"num_channels\": 3");
  Change("config.json", "\"image_size\": 32", "\"image_size\": 64");
  EXPECT_THAT(Refusal(), HasSubstr("vision_config.image_size is 64"));
  Change("config.json", "\"image_size\": 64", "\"image_size\": 32, \"image_size\": 32");
  EXPECT_THAT(Refusal(), HasSubstr("vision_config.image_size is there twice"));
}

// One change of preprocessor_config.json and the words that must be in the refusal.
struct BadSetting {
  std::string_view from, to, message;
};

class ImporterPreprocessor : public Importer, public ::testing::WithParamInterface<BadSetting> {};

TEST_P(ImporterPreprocessor, RefusesByName) {
  Change("preprocessor_config.json", GetParam().from, GetParam().to);
  EXPECT_THAT(Refusal(), HasSubstr(std::string(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Settings, ImporterPreprocessor,
    ::testing::Values(
        BadSetting{"\"do_resize\": true", "\"do_resize\": false", "preprocessor_config.json: do_resize is false"},
        BadSetting{"\"do_rescale\": true", "\"do_rescale\": 1", "do_rescale must be true or false"},
        BadSetting{"\"do_normalize\": true", "\"do_normalize\": 1", "do_normalize must be true or false"},
        BadSetting{"\"do_convert_rgb\": true", "\"do_convert_rgb\": false", "do_convert_rgb is false"},
        BadSetting{"\"resample\": 3", "\"resample\": 1", "resample is 1"},
        BadSetting{"0.00392156862745098", "0.0078", "rescale_factor must be 1/255"},
        BadSetting{"\"CLIPImageProcessor\"", "\"ViTImageProcessor\"", "image_processor_type is 'ViTImageProcessor'"},
        BadSetting{"\"resample\": 3", "\"resample\": 3, \"do_pad\": true", "do_pad is not understood"},
        BadSetting{"\"resample\": 3", "\"resample\": 3, \"resample\": 2", "resample is there twice"},
        BadSetting{"\"shortest_edge\": 32", "\"longest_edge\": 32", "size.longest_edge is not understood"},
        BadSetting{"\"shortest_edge\": 32", "\"height\": 32", "size must have shortest_edge, or height and width"},
        BadSetting{"\"shortest_edge\": 32", "\"height\": 32, \"width\": 40", "must be equal"},
        BadSetting{"\"shortest_edge\": 32", "\"height\": 40, \"width\": 40", "crop_size must equal size"},
        BadSetting{"\"shortest_edge\": 32", "\"shortest_edge\": 31", "crop_size must not be larger than size"},
        BadSetting{"\"shortest_edge\": 32", "\"shortest_edge\": 1e9", "whole number from 1 to 4096"},
        BadSetting{"\"shortest_edge\": 32", "\"shortest_edge\": -1", "whole number from 1 to 4096"},
        BadSetting{"\"do_center_crop\": true", "\"do_center_crop\": false", "do_center_crop is false, but size"},
        BadSetting{"    0.4578275,\n", "", "image_mean must be a list of three numbers"},
        BadSetting{"0.26130258", "0", "image_std must be a list of three numbers"},
        BadSetting{"\"image_std\"", "\"image_sdt\"", "image_sdt is not understood"}));

TEST_F(Importer, ReadsTheOlderAndTheSquashedForms) {
  // As the first CLIP repositories have it.
  Write("preprocessor_config.json",
        R"({"crop_size": 32, "do_center_crop": true, "do_normalize": true, "do_resize": true, "do_pad": false,
            "feature_extractor_type": "CLIPFeatureExtractor", "image_mean": [0.5, 0.5, 0.5], "resample": 3,
            "image_std": [0.25, 0.25, 0.25], "size": 40, "device": null, "unheard_of": null})");
  auto result = ImportModel({.source = source_, .target = target_, .name = "older", .replace = false}, {});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->manifest.image.resize_mode, ResizeMode::kShortestSide);
  EXPECT_EQ(result->manifest.image.resize_size, 40);
  EXPECT_EQ(result->manifest.image.crop_size, 32);

  Write("preprocessor_config.json",
        R"({"do_center_crop": false, "image_mean": [0, 0, 0], "image_std": [1, 1, 1],
            "size": {"height": 32, "width": 32}})");
  result = ImportModel({.source = source_, .target = target_, .name = "squashed", .replace = false}, {});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->manifest.image.resize_mode, ResizeMode::kSquash);
  EXPECT_EQ(result->manifest.image.resize_size, 32);
  EXPECT_EQ(result->manifest.image.crop_size, 32);
}

TEST_F(Importer, WhatItMakesCanBeReadByOthersAndAbandonedImportsAreRemoved) {
  const fs::path abandoned = target_ / ".import-aaaaaa";
  const fs::path running = target_ / ".import-bbbbbb";
  fs::create_directories(abandoned);
  fs::create_directories(running);
  fs::last_write_time(abandoned, fs::file_time_type::clock::now() - std::chrono::hours(25));
  const auto result = Import();
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_FALSE(fs::exists(abandoned));
  EXPECT_TRUE(fs::exists(running));
  struct stat info{};
  for (const auto& [path, mode] : {std::pair<fs::path, unsigned>{result->folder, 0755U},
                                   {result->folder / "onnx", 0755U},
                                   {result->folder / "onnx/text_model.onnx", 0644U},
                                   {result->folder / kManifestFile, 0644U}}) {
    ASSERT_EQ(::stat(path.c_str(), &info), 0) << path;
    EXPECT_EQ(info.st_mode & 0777U, mode) << path;
  }
}

}  // namespace
}  // namespace hailo_clip
