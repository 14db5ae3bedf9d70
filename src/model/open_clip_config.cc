#include "model/open_clip_config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "model/json_object.h"
#include "model/published_files.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

// Training clamps the scale to 100, and that is where nearly all models end.
constexpr float kTrainedScale = 100.0F;

// What stands behind text_cfg.hf_tokenizer_name, found by a part of the name. tokenizer_config.json, if there is one,
// counts more.
struct NamedTokenizer {
  std::string_view part;
  TokenizerSpec spec;
  std::int32_t pad_id;
};
const std::array kNamedTokenizers = {
    NamedTokenizer{"xlm-roberta", {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kXlmRoberta}, 1},
    NamedTokenizer{"xlm-v", {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kXlmRoberta}, 1},
    NamedTokenizer{"nllb", {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kTokenizerJson}, 1},
    NamedTokenizer{"mt5", {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kT5}, 0},
    NamedTokenizer{"bert-base-uncased", {.kind = TokenizerKind::kWordPiece, .lower_case = true}, 0},
};

// Byte-level vocabularies of other kinds, and a class token behind the padding.
Status RefuseOtherTokenizers(const JsonObject& text) {
  for (const std::string_view key : {"tokenizer_type", "tiktoken_name", "tokenizer_mode"})
    if (text.Has(key)) return text.Refuse(key, "is not known: the tokenizer is not CLIP's");
  return {};
}

Status ReadText(const JsonObject& text, Manifest& manifest) {
  HC_ASSIGN(manifest.text.context_length, text.Integer("context_length", 77, 3, kMaxContextLength));
  HC_TRY(RefuseOtherTokenizers(text));
  // Then the padding is looked at like the text.
  HC_ASSIGN(const bool sees_padding, text.Boolean("no_causal_mask", false));
  if (sees_padding) manifest.text.padding = TextPadding::kContextLength;
  HC_ASSIGN(const std::string tokenizer, text.Text("hf_tokenizer_name"));
  HC_ASSIGN(const JsonObject settings, text.Member("tokenizer_kwargs"));
  constexpr std::array<std::string_view, 2> known_settings = {"clean", "strip_sep_token"};
  HC_TRY(settings.OnlyKeys(known_settings));
  constexpr std::array<std::string_view, 3> known_cleaning = {"lower", "whitespace", "canonicalize"};
  HC_TRY(settings.OneOf("clean", known_cleaning));
  HC_ASSIGN(const std::string clean, settings.Text("clean"));
  if (tokenizer.empty()) return {};  // CLIP's own
  HC_ASSIGN(const bool strips, settings.Boolean("strip_sep_token", false));
  if (strips) return settings.Refuse("strip_sep_token", "is true, which is not known");
  TokenizerSpec& spec = manifest.text.tokenizer;
  if (clean == "canonicalize") {
    spec = {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kT5, .clean = TextCleaning::kOpenClip};
    manifest.text.pad_id = 1;
    return {};
  }
  if (clean == "lower") return settings.Refuse("clean", "is 'lower'; known are 'whitespace' and 'canonicalize'");
  const auto named = std::ranges::find_if(
      kNamedTokenizers, [&](const NamedTokenizer& one) { return tokenizer.find(one.part) != std::string::npos; });
  if (named == kNamedTokenizers.end())
    return text.Refuse("hf_tokenizer_name",
                       fmt::format("is '{}'; known are those of XLM-Roberta, XLM-V, NLLB, mT5, bert-base-uncased, and "
                                   "SigLIP's (with tokenizer_kwargs.clean)",
                                   tokenizer.substr(0, 100)));
  spec = named->spec;
  manifest.text.pad_id = named->pad_id;
  return {};
}

// init_logit_bias marks the models that were trained with SigLIP's loss.
Status ReadScoring(const JsonObject& model, PublishedModel& published) {
  Manifest& manifest = published.manifest;
  HC_ASSIGN(const double bias, model.Real("init_logit_bias", 0, -1e5, 1e5));
  if (bias != 0) {
    manifest.family = ModelFamily::kSiglip;
    manifest.scoring.activation = Activation::kSigmoid;
    published.logits_known = false;
    return {};
  }
  manifest.scoring.logit_scale = kTrainedScale;
  published.notes.push_back(fmt::format(
      "scoring.logit_scale is {}, where the training of most models ends: open_clip's configuration does not say it. "
      "If you know better, import again with --logit-scale",
      kTrainedScale));
  return {};
}

Result<PreprocessSpec> ReadPreprocessing(const fs::path& folder) {
  HC_ASSIGN(const JsonFile file, JsonFile::Read(folder, "visual/preprocess_cfg.json"));
  const JsonObject config = file.root();
  constexpr std::array<std::string_view, 7> known_keys = {"size",          "mode",        "mean",      "std",
                                                          "interpolation", "resize_mode", "fill_color"};
  HC_TRY(config.OnlyKeys(known_keys));
  constexpr std::array<std::string_view, 1> known_modes = {"RGB"};
  HC_TRY(config.OneOf("mode", known_modes));
  PreprocessSpec spec;
  HC_ASSIGN(spec.crop_size, config.Side("size", 224, 1, kMaxPictureSide));
  spec.resize_size = spec.crop_size;
  HC_ASSIGN(spec.mean, config.Triple("mean", -10, 10));
  HC_ASSIGN(spec.standard_deviation, config.Triple("std", 1e-3, 1e3));
  constexpr std::array<std::string_view, 2> known_interpolations = {"bicubic", "bilinear"};
  HC_TRY(config.OneOf("interpolation", known_interpolations));
  HC_ASSIGN(const std::string interpolation, config.Text("interpolation"));
  if (interpolation == "bilinear") spec.interpolation = Interpolation::kBilinear;
  // fill_color is for resize_mode "longest", which is not known.
  constexpr std::array<std::string_view, 2> known_resizes = {"shortest", "squash"};
  HC_TRY(config.OneOf("resize_mode", known_resizes));
  HC_ASSIGN(const std::string resize, config.Text("resize_mode"));
  if (resize == "squash") spec.resize_mode = ResizeMode::kSquash;
  return spec;
}

}  // namespace

Result<PublishedModel> ReadOpenClipConfigs(const fs::path& folder) {
  const std::string_view name = HasFile(folder, "config.json") ? "config.json" : "open_clip_config.json";
  HC_ASSIGN(const JsonFile file, JsonFile::Read(folder, name));
  const JsonObject root = file.root();
  // open_clip_config.json keeps the model one level deeper.
  const bool nested = root.HasObject("model_cfg");
  HC_ASSIGN(const JsonObject inner, root.Member("model_cfg"));
  const JsonObject& model = nested ? inner : root;

  PublishedModel published;
  Manifest& manifest = published.manifest;
  HC_ASSIGN(manifest.embedding_dimension, model.Integer("embed_dim", 0, 1, kMaxDimension));
  if (manifest.embedding_dimension == 0) return model.Refuse("embed_dim", "is missing");
  HC_TRY(ReadScoring(model, published));
  HC_ASSIGN(const JsonObject text, model.Member("text_cfg"));
  HC_TRY(ReadText(text, manifest));
  if (manifest.family == ModelFamily::kSiglip) manifest.text.padding = TextPadding::kContextLength;
  HC_ASSIGN(manifest.image, ReadPreprocessing(folder));
  HC_ASSIGN(const JsonObject vision, model.Member("vision_cfg"));
  HC_ASSIGN(const int image_size, vision.Side("image_size", 224, 1, kMaxPictureSide));
  if (manifest.image.crop_size != image_size)
    return Fail(ErrorCode::kBadModel,
                "visual/preprocess_cfg.json makes pictures of {} pixels, {}'s vision_cfg.image_size is {}",
                manifest.image.crop_size, name, image_size);
  return published;
}

}  // namespace hailo_clip
