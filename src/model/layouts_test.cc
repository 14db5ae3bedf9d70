// What each published layout becomes, from small configuration files; graphs are stand-ins that nobody opens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/test_folder.h"
#include "model/importer.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Layouts : public ::testing::Test {
 protected:
  void SetUp() override { source_ = root_ / "published"; }

  void Write(const fs::path& file, std::string_view text) {
    fs::create_directories((source_ / file).parent_path());
    ASSERT_TRUE(WriteFileAtomically(source_ / file, text).has_value());
  }
  void WriteOpenClip() {
    Write("visual/model.onnx", "i");
    Write("textual/model.onnx", "t");
    Write("textual/tokenizer.json", "{}");
    Write("config.json", R"({"embed_dim": 8, "vision_cfg": {"image_size": [32, 32]}, "text_cfg": {}})");
    Write("visual/preprocess_cfg.json",
          R"({"size": [32, 32], "mode": "RGB", "mean": [0, 0, 0], "std": [1, 1, 1], "interpolation": "bilinear",
              "resize_mode": "squash", "fill_color": 0})");
  }
  void WriteSiglip() {
    Write("onnx/vision_model.onnx", "i");
    Write("onnx/text_model.onnx", "t");
    Write("onnx/model.onnx", "both");
    Write("spiece.model", "s");
    Write("config.json", R"({"model_type": "siglip", "text_config": {"hidden_size": 8},
                             "vision_config": {"hidden_size": 8, "image_size": 32}})");
    Write("preprocessor_config.json",
          R"({"image_processor_type": "SiglipImageProcessor", "size": {"height": 32, "width": 32}, "resample": 2,
              "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]})");
  }
  // A text tower of another kind behind CLIP's vision tower, in one graph.
  void WriteDual(std::string_view text_type) {
    Write("model.onnx", "both");
    Write("config.json", fmt::format(R"({{"model_type": "vision-text-dual-encoder", "projection_dim": 8,
                           "text_config": {{"model_type": "{}"}},
                           "vision_config": {{"model_type": "clip_vision_model", "image_size": 32}}}})",
                                     text_type));
    Write("preprocessor_config.json",
          R"({"size": 32, "crop_size": 32, "image_mean": [0, 0, 0], "image_std": [1, 1, 1]})");
  }
  Result<ImportResult> Import() {
    return ImportModel({.source = source_, .target = root_ / "models", .name = "one", .replace = true}, {});
  }
  Manifest Imported() {
    const auto result = Import();
    EXPECT_TRUE(result.has_value()) << result.error().message;
    return result.has_value() ? result->manifest : Manifest();
  }
  std::string Refusal() {
    const auto result = Import();
    return result.has_value() ? "(no error)" : result.error().message;
  }

  const TestFolder folder_;
  const fs::path root_ = folder_.path();
  fs::path source_;
};

TEST_F(Layouts, OpenClipTakesItsNumbersFromItsTwoFiles) {
  WriteOpenClip();
  const Manifest manifest = Imported();
  EXPECT_EQ(manifest.family, ModelFamily::kClip);
  EXPECT_EQ(manifest.embedding_dimension, 8);
  EXPECT_EQ(manifest.scoring.logit_scale, 100);
  EXPECT_EQ(manifest.image.resize_mode, ResizeMode::kSquash);
  EXPECT_EQ(manifest.image.interpolation, Interpolation::kBilinear);
  EXPECT_EQ(manifest.image.crop_size, 32);
  EXPECT_EQ(manifest.text.context_length, 77);
  EXPECT_EQ(manifest.text.pad_id, 0);
  EXPECT_THAT(manifest.text.tokenizer.files, ElementsAre("textual/tokenizer.json"));
  EXPECT_EQ(manifest.encoders.at("onnx").image->input, "image");
  EXPECT_EQ(manifest.encoders.at("onnx").text->output, "embedding");
}

TEST_F(Layouts, OpenClipRefusesByName) {
  WriteOpenClip();
  Write("config.json", R"({"vision_cfg": {"image_size": 32}})");
  EXPECT_THAT(Refusal(), HasSubstr("config.json: embed_dim is missing"));
  Write("config.json", R"({"embed_dim": 8, "vision_cfg": {"image_size": 64}})");
  EXPECT_THAT(Refusal(), HasSubstr("vision_cfg.image_size is 64"));
  Write("config.json", R"({"embed_dim": 8, "vision_cfg": {"image_size": [32, 64]}})");
  EXPECT_THAT(Refusal(), HasSubstr("vision_cfg.image_size must be two equal whole numbers"));
  Write("config.json", R"({"embed_dim": 8, "vision_cfg": {"image_size": 32}, "text_cfg": {"hf_tokenizer_name": "x"}})");
  EXPECT_THAT(Refusal(), HasSubstr("text_cfg.hf_tokenizer_name is 'x'"));
  WriteOpenClip();
  Write("visual/preprocess_cfg.json", R"({"size": 32, "mean": [0, 0, 0], "std": [1, 1, 1], "resize_mode": "longest"})");
  EXPECT_THAT(Refusal(), HasSubstr("visual/preprocess_cfg.json: resize_mode is 'longest'; known are shortest, squash"));
  fs::remove(source_ / "visual/model.onnx");
  EXPECT_THAT(Refusal(), HasSubstr("no visual/model.onnx"));
}

TEST_F(Layouts, OpenClipKnowsSiglipByItsBias) {
  WriteOpenClip();
  Write("textual/tokenizer_config.json", R"({"tokenizer_class": "T5TokenizerFast", "pad_token": "</s>"})");
  Write("textual/spiece.model", "s");
  Write("config.json", R"({"embed_dim": 8, "init_logit_bias": -10, "vision_cfg": {"image_size": 32}, "text_cfg":
      {"context_length": 64, "hf_tokenizer_name": "a/SigLIP", "tokenizer_kwargs": {"clean": "canonicalize"}}})");
  EXPECT_THAT(Refusal(), HasSubstr("give --logit-scale and --logit-bias"));
  const auto result = ImportModel({.source = source_,
                                   .target = root_ / "models",
                                   .name = "one",
                                   .replace = true,
                                   .logit_scale = 117.0F,
                                   .logit_bias = -12.9F},
                                  {});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  const Manifest& manifest = result->manifest;
  EXPECT_EQ(manifest.family, ModelFamily::kSiglip);
  EXPECT_EQ(manifest.scoring.activation, Activation::kSigmoid);
  EXPECT_EQ(manifest.scoring.logit_bias, -12.9F);
  EXPECT_EQ(manifest.text.padding, TextPadding::kContextLength);
  EXPECT_EQ(manifest.text.pad_id, 1);
  EXPECT_EQ(manifest.text.tokenizer.ids, SentencePieceIds::kT5);
  EXPECT_EQ(manifest.text.tokenizer.clean, TextCleaning::kOpenClip);
}

TEST_F(Layouts, SiglipIsSquashedPaddedAndMeasured) {
  WriteSiglip();
  const Manifest manifest = Imported();
  EXPECT_EQ(manifest.family, ModelFamily::kSiglip);
  EXPECT_EQ(manifest.scoring.activation, Activation::kSigmoid);
  EXPECT_EQ(manifest.image.resize_mode, ResizeMode::kSquash);
  EXPECT_EQ(manifest.image.interpolation, Interpolation::kBilinear);
  EXPECT_EQ(manifest.text.context_length, 64);
  EXPECT_EQ(manifest.text.padding, TextPadding::kContextLength);
  EXPECT_EQ(manifest.text.pad_id, 1);
  EXPECT_EQ(manifest.text.tokenizer.clean, TextCleaning::kSiglip);
  EXPECT_EQ(manifest.encoders.at("onnx").text->output, "pooler_output");
  EXPECT_FALSE(fs::exists(root_ / "models/one/onnx/model.onnx"));  // only looked at
}

TEST_F(Layouts, Siglip2BringsGemmasTokenizer) {
  WriteSiglip();
  fs::remove(source_ / "spiece.model");
  Write("tokenizer_config.json", R"({"tokenizer_class": "GemmaTokenizer", "add_bos_token": false,
                                     "pad_token": {"content": "<pad>"}})");
  EXPECT_THAT(Refusal(), HasSubstr("no file of its tokenizer: "));
  Write("tokenizer.json", "{}");
  EXPECT_THAT(Refusal(), HasSubstr("tokenizer.json: added_tokens do not have the padding, '<pad>'"));
  Write("tokenizer.json", R"({"added_tokens": [{"id": 7, "content": "<pad>"}]})");
  EXPECT_EQ(Imported().text.pad_id, 7);
  EXPECT_EQ(Imported().text.tokenizer.ids, SentencePieceIds::kTokenizerJson);
  EXPECT_THAT(Imported().text.tokenizer.files, ElementsAre("tokenizer.json"));
  Write("tokenizer.model", "s");
  const Manifest manifest = Imported();
  EXPECT_EQ(manifest.text.pad_id, 0);
  EXPECT_EQ(manifest.text.tokenizer.ids, SentencePieceIds::kT5);
  EXPECT_EQ(manifest.text.tokenizer.clean, TextCleaning::kLowerCase);
  EXPECT_THAT(manifest.text.tokenizer.files, ElementsAre("tokenizer.model"));
  Write("tokenizer_config.json", R"({"tokenizer_class": "GemmaTokenizer", "add_bos_token": true})");
  EXPECT_THAT(Refusal(), HasSubstr("tokenizer_config.json: add_bos_token is true"));
}

TEST_F(Layouts, ATokenizerJsonWithoutAClassSaysWhichSiglipItIs) {
  WriteSiglip();
  fs::remove(source_ / "spiece.model");
  Write("tokenizer.json", R"({"model": {"type": "Unigram"}, "added_tokens": [{"id": 1, "content": "</s>"}]})");
  EXPECT_EQ(Imported().text.tokenizer.clean, TextCleaning::kSiglip);
  EXPECT_EQ(Imported().text.pad_id, 1);
  Write("tokenizer.json", R"({"model": {"type": "BPE"}, "added_tokens": [{"id": 3, "content": "<pad>"}]})");
  EXPECT_EQ(Imported().text.tokenizer.clean, TextCleaning::kLowerCase);
  EXPECT_EQ(Imported().text.pad_id, 3);
}

TEST_F(Layouts, OpenClipFindsTheTokenizersOfOtherTowersByName) {
  WriteOpenClip();
  const auto config = [](std::string_view text) {
    return fmt::format(R"({{"embed_dim": 8, "vision_cfg": {{"image_size": 32}}, "text_cfg": {{{}}}}})", text);
  };
  Write("config.json", config(R"("hf_tokenizer_name": "facebook/nllb-200-distilled-600M")"));
  Write("textual/tokenizer.json", R"({"added_tokens": [{"id": 1, "content": "<pad>"}]})");
  Manifest manifest = Imported();
  EXPECT_EQ(manifest.text.tokenizer.ids, SentencePieceIds::kTokenizerJson);
  EXPECT_EQ(manifest.text.pad_id, 1);
  EXPECT_EQ(manifest.encoders.at("onnx").text->input, "text");
  Write("textual/sentencepiece.bpe.model", "s");  // does not say which language stands in front
  EXPECT_THAT(Imported().text.tokenizer.files, ElementsAre("textual/tokenizer.json"));

  // SigLIP 2 in open_clip: Gemma's tokenizer, but open_clip's cleaning.
  Write("config.json", config(R"("hf_tokenizer_name": "a/SigLIP2", "tokenizer_kwargs": {"clean": "canonicalize"})"));
  Write("textual/tokenizer_config.json", R"({"tokenizer_class": "GemmaTokenizerFast", "pad_token": "<pad>"})");
  fs::remove(source_ / "textual/sentencepiece.bpe.model");
  EXPECT_EQ(Imported().text.tokenizer.clean, TextCleaning::kOpenClip);

  // MobileCLIP looks at what stands behind a text.
  fs::remove(source_ / "textual/tokenizer_config.json");
  Write("config.json", config(R"("no_causal_mask": true)"));
  EXPECT_EQ(Imported().text.padding, TextPadding::kContextLength);
  Write("config.json", config(R"("tokenizer_type": "tiktoken")"));
  EXPECT_THAT(Refusal(), HasSubstr("text_cfg.tokenizer_type is not known"));
  Write("config.json",
        config(R"("hf_tokenizer_name": "bert-base-uncased", "tokenizer_kwargs": {"strip_sep_token": true})"));
  EXPECT_THAT(Refusal(), HasSubstr("strip_sep_token is true"));
}

TEST_F(Layouts, MClipHasTheNamesOfHuggingFaceForItsTextTower) {
  WriteOpenClip();
  fs::remove(source_ / "textual/tokenizer.json");
  Write("textual/tokenizer_config.json", R"({"tokenizer_class": "XLMRobertaTokenizer"})");
  Write("textual/sentencepiece.bpe.model", "s");
  const Manifest manifest = Imported();
  EXPECT_EQ(manifest.encoders.at("onnx").text->input, "input_ids");
  EXPECT_EQ(manifest.encoders.at("onnx").text->output, "embedding");
  EXPECT_EQ(manifest.text.tokenizer.ids, SentencePieceIds::kXlmRoberta);
  EXPECT_EQ(manifest.text.pad_id, 1);
  EXPECT_EQ(manifest.text.context_length, 77);
}

TEST_F(Layouts, OtherTextTowersBringTheirTokenizers) {
  WriteDual("bert");
  Write("vocab.txt", "v");
  Manifest manifest = Imported();
  EXPECT_EQ(manifest.text.tokenizer.kind, TokenizerKind::kWordPiece);
  EXPECT_TRUE(manifest.text.tokenizer.lower_case);
  EXPECT_EQ(manifest.text.context_length, 512);
  EXPECT_EQ(manifest.encoders.at("onnx").image->file, manifest.encoders.at("onnx").text->file);
  Write("tokenizer_config.json", R"({"tokenizer_class": "BertTokenizerFast", "do_lower_case": false})");
  EXPECT_FALSE(Imported().text.tokenizer.lower_case);
  Write("tokenizer_config.json", R"({"do_lower_case": false, "strip_accents": true})");
  EXPECT_THAT(Refusal(), HasSubstr("strip_accents must be what do_lower_case is"));
  Write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer"})");
  EXPECT_THAT(Refusal(), HasSubstr("tokenizer_class is 'GPT2Tokenizer'; known are CLIPTokenizer, BertTokenizer"));

  fs::remove(source_ / "tokenizer_config.json");
  WriteDual("xlm-roberta");
  Write("sentencepiece.bpe.model", "s");
  manifest = Imported();
  EXPECT_EQ(manifest.text.tokenizer.ids, SentencePieceIds::kXlmRoberta);
  EXPECT_EQ(manifest.text.context_length, 512);
  EXPECT_EQ(manifest.text.pad_id, 1);
  WriteDual("gpt2");
  EXPECT_THAT(Refusal(), HasSubstr("text_config.model_type is 'gpt2'; known are bert, xlm-roberta"));
}

TEST_F(Layouts, AModelThatDoesNotNormaliseHasMeanZeroAndDeviationOne) {
  WriteDual("bert");
  Write("vocab.txt", "v");
  Write("preprocessor_config.json", R"({"size": 32, "crop_size": 32, "do_normalize": false, "resample": 2})");
  const Manifest manifest = Imported();
  EXPECT_THAT(manifest.image.mean, ElementsAre(0, 0, 0));
  EXPECT_THAT(manifest.image.standard_deviation, ElementsAre(1, 1, 1));
}

}  // namespace
}  // namespace hailo_clip
