#include "model/huggingface_config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "model/json_object.h"
#include "model/published_files.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

// What is known of the text_config of one model_type.
struct TextTower {
  std::string_view type;
  TokenizerSpec tokenizer;     // if tokenizer_config.json names no other
  std::int32_t pad_id;         // likewise
  int default_context_length;  // of transformers' config class
  int reserved_positions;      // max_position_embeddings counts them, texts cannot have them
};

const std::array kClipTexts = {TextTower{"clip_text_model", {.kind = TokenizerKind::kClipBpe}, 0, 77, 0}};
const std::array kSiglipTexts = {
    TextTower{"siglip_text_model",
              {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kT5, .clean = TextCleaning::kSiglip},
              1,
              64,
              0}};
const std::array kDualTexts = {
    TextTower{"bert", {.kind = TokenizerKind::kWordPiece, .lower_case = true}, 0, 512, 0},
    // Positions are numbered from the padding's id plus one.
    TextTower{"xlm-roberta", {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kXlmRoberta}, 1, 514, 2}};

// What a model_type stands for.
struct Family {
  std::string_view type;
  ModelFamily family;
  std::string_view vision_type;
  std::span<const TextTower> texts;  // the first one if text_config does not say
  int default_dimension;
};

const std::array kFamilies = {
    Family{"clip", ModelFamily::kClip, "clip_vision_model", kClipTexts, 512},
    Family{"siglip", ModelFamily::kSiglip, "siglip_vision_model", kSiglipTexts, 768},
    Family{"vision-text-dual-encoder", ModelFamily::kClip, "clip_vision_model", kDualTexts, 512},
};

Result<const Family*> FindFamily(const JsonObject& config) {
  HC_ASSIGN(const std::string type, config.Text("model_type"));
  const auto* const found = std::ranges::find(kFamilies, type, &Family::type);
  if (found != kFamilies.end()) return found;
  std::vector<std::string_view> known;
  for (const Family& family : kFamilies) known.push_back(family.type);
  return config.Refuse("model_type", fmt::format("is '{}'; known are {}", type, fmt::join(known, ", ")));
}

Result<const TextTower*> FindTextTower(const JsonObject& text, const Family& family) {
  HC_ASSIGN(const std::string type, text.Text("model_type"));
  if (type.empty() && family.texts.size() == 1) return family.texts.data();
  const auto found = std::ranges::find(family.texts, type, &TextTower::type);
  if (found != family.texts.end()) return &*found;
  std::vector<std::string_view> known;
  for (const TextTower& tower : family.texts) known.push_back(tower.type);
  return text.Refuse("model_type", fmt::format("is '{}'; known are {}", type, fmt::join(known, ", ")));
}

Status ReadText(const fs::path& folder, const JsonObject& text, const Family& family, Manifest& manifest) {
  HC_ASSIGN(const TextTower* tower, FindTextTower(text, family));
  HC_ASSIGN(const int positions, text.Integer("max_position_embeddings", tower->default_context_length,
                                              3 + tower->reserved_positions, kMaxContextLength));
  manifest.text.context_length = positions - tower->reserved_positions;
  manifest.text.tokenizer = tower->tokenizer;
  manifest.text.pad_id = tower->pad_id;
  // CLIP's attention is causal and pooling takes the end token: what stands behind it is never looked at. SigLIP was
  // trained with its padding as part of the text. The others have a mask.
  if (family.family == ModelFamily::kSiglip) manifest.text.padding = TextPadding::kContextLength;
  return FindTokenizer(folder, "", manifest);
}

Result<int> ReadDimension(const JsonObject& config, const JsonObject& text, const JsonObject& vision,
                          const Family& family) {
  if (family.family == ModelFamily::kClip)
    return config.Integer("projection_dim", family.default_dimension, 1, kMaxDimension);
  HC_ASSIGN(const int pictures, vision.Integer("hidden_size", family.default_dimension, 1, kMaxDimension));
  HC_ASSIGN(const int hidden, text.Integer("hidden_size", family.default_dimension, 1, kMaxDimension));
  HC_ASSIGN(const int texts, text.Integer("projection_size", hidden, 1, kMaxDimension));
  if (pictures != texts)
    return Fail(ErrorCode::kBadModel, "config.json: vision_config.hidden_size is {}, text_config makes texts of {}",
                pictures, texts);
  return pictures;
}

Status ReadScoring(const JsonObject& config, const Family& family, PublishedModel& model) {
  ScoringSpec& scoring = model.manifest.scoring;
  if (family.family == ModelFamily::kSiglip) {
    scoring.activation = Activation::kSigmoid;
    model.logits_known = false;  // SiglipConfig has neither the scale nor the bias
    return {};
  }
  constexpr double default_init = 2.6592;
  HC_ASSIGN(const double init, config.Real("logit_scale_init_value", default_init, -6, 11));
  scoring.logit_scale = static_cast<float>(std::exp(init));
  return {};
}

}  // namespace

Result<PublishedModel> ReadHuggingFaceConfigs(const fs::path& folder) {
  HC_ASSIGN(const JsonFile file, JsonFile::Read(folder, "config.json"));
  const JsonObject config = file.root();
  HC_ASSIGN(const Family* family, FindFamily(config));
  HC_ASSIGN(const JsonObject text, config.Member("text_config"));
  HC_ASSIGN(const JsonObject vision, config.Member("vision_config"));
  const std::array vision_types = {family->vision_type};
  HC_TRY(vision.OneOf("model_type", vision_types));

  PublishedModel model;
  Manifest& manifest = model.manifest;
  manifest.family = family->family;
  HC_ASSIGN(manifest.source, config.Text("_name_or_path"));
  HC_ASSIGN(manifest.embedding_dimension, ReadDimension(config, text, vision, *family));
  HC_TRY(ReadScoring(config, *family, model));
  HC_ASSIGN(const int image_size, vision.Integer("image_size", 224, 1, kMaxPictureSide));
  HC_ASSIGN(const int channels, vision.Integer("num_channels", 3, 1, 1'000));
  if (channels != 3) return vision.Refuse("num_channels", "must be 3");
  HC_ASSIGN(manifest.image, ReadPreprocessorConfig(folder));
  if (manifest.image.crop_size != image_size)
    return Fail(ErrorCode::kBadModel,
                "preprocessor_config.json makes pictures of {} pixels, config.json's vision_config.image_size is {}",
                manifest.image.crop_size, image_size);
  HC_TRY(ReadText(folder, text, *family, manifest));
  return model;
}

}  // namespace hailo_clip
