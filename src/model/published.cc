#include "model/published.h"

#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <span>

#include "base/file.h"

namespace hailo_clip {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 20U;
constexpr int kMaxSide = 4'096;
constexpr int kBicubic = 3;  // PIL.Image.Resampling.BICUBIC
// Defaults of transformers' CLIPConfig, CLIPTextConfig and CLIPVisionConfig, which saving leaves out.
constexpr int kDefaultDimension = 512;
constexpr int kDefaultContextLength = 77;
constexpr int kDefaultImageSize = 224;
constexpr int kDefaultChannels = 3;
constexpr double kDefaultLogitScaleInit = 2.6592;

// One JSON object of one file, with the words for errors about its members.
class Object {
 public:
  Object(dom::object object, std::string where) : object_(object), where_(std::move(where)) {}

  // null counts as left out: both mean the default.
  [[nodiscard]] std::optional<dom::element> Find(std::string_view key) const {
    dom::element element;
    if (object_.at_key(key).get(element) != simdjson::SUCCESS || element.is_null()) return std::nullopt;
    return element;
  }
  [[nodiscard]] std::unexpected<Error> Refuse(std::string_view key, std::string_view why) const {
    return Fail(ErrorCode::kUnsupported, "{}{} {}", where_, key, why);
  }
  [[nodiscard]] Result<int> Integer(std::string_view key, int otherwise, int least, int most) const {
    const auto element = Find(key);
    if (!element.has_value()) return otherwise;
    std::int64_t value = 0;
    if (element->get(value) != simdjson::SUCCESS || value < least || value > most)
      return Refuse(key, fmt::format("must be a whole number from {} to {}", least, most));
    return static_cast<int>(value);
  }
  [[nodiscard]] Result<double> Real(std::string_view key, double otherwise, double least, double most) const {
    const auto element = Find(key);
    if (!element.has_value()) return otherwise;
    double value = 0;
    if (element->get(value) != simdjson::SUCCESS || !(value >= least && value <= most))
      return Refuse(key, fmt::format("must be a number from {} to {}", least, most));
    return value;
  }
  [[nodiscard]] Result<bool> Boolean(std::string_view key, bool otherwise) const {
    const auto element = Find(key);
    bool value = otherwise;
    if (element.has_value() && element->get(value) != simdjson::SUCCESS) return Refuse(key, "must be true or false");
    return value;
  }
  [[nodiscard]] Result<std::string> Text(std::string_view key) const {
    const auto element = Find(key);
    std::string_view value;
    if (element.has_value() && element->get(value) != simdjson::SUCCESS) return Refuse(key, "must be text");
    return std::string(value);
  }
  [[nodiscard]] Result<std::optional<Object>> Member(std::string_view key) const {
    const auto element = Find(key);
    if (!element.has_value()) return std::nullopt;
    dom::object member;
    if (element->get(member) != simdjson::SUCCESS) return Refuse(key, "must be an object");
    Object found(member, fmt::format("{}{}.", where_, key));
    HC_TRY(found.CheckUnique());
    return found;
  }
  [[nodiscard]] Result<std::array<float, 3>> Triple(std::string_view key, double least, double most) const {
    std::array<float, 3> values{};
    dom::array array;
    const auto element = Find(key);
    std::size_t count = 0;
    if (element.has_value() && element->get(array) == simdjson::SUCCESS) {
      for (const dom::element item : array) {
        double value = 0;
        if (item.get(value) != simdjson::SUCCESS || !(value >= least && value <= most)) return BadTriple(key);
        if (count < values.size()) values[count] = static_cast<float>(value);
        ++count;
      }
    }
    if (count != values.size()) return BadTriple(key);
    return values;
  }
  // JSON readers disagree about which of two equal keys counts.
  [[nodiscard]] Status CheckUnique() const {
    std::set<std::string_view> seen;
    for (const dom::key_value_pair field : object_)
      if (!seen.insert(field.key).second) return Refuse(field.key, "is there twice");
    return {};
  }
  // Every member must be one of `known`, or be switched off: null, or false for a do_... key.
  [[nodiscard]] Status OnlyKeys(std::span<const std::string_view> known) const {
    for (const dom::key_value_pair field : object_) {
      if (std::ranges::find(known, field.key) != known.end() || field.value.is_null()) continue;
      bool value = true;
      if (field.key.starts_with("do_") && field.value.get(value) == simdjson::SUCCESS && !value) continue;
      return Refuse(field.key, "is not understood and could change the pixels");
    }
    return {};
  }

 private:
  [[nodiscard]] std::unexpected<Error> BadTriple(std::string_view key) const {
    return Refuse(key, "must be a list of three numbers, of red, green and blue");
  }

  dom::object object_;
  std::string where_;  // "preprocessor_config.json: size."
};

struct JsonFile {
  dom::parser parser;  // owns what the object refers to
  std::optional<Object> root;
};

Status ReadJson(const std::filesystem::path& folder, std::string_view name, JsonFile& file) {
  const Result<std::string> text = ReadFile(folder / name, kMaxJsonBytes);
  if (!text.has_value()) return std::unexpected(text.error());
  if (IsLfsPointer(*text))
    return Fail(ErrorCode::kBadModel, "{} is a Git LFS pointer, not the file; run `git lfs pull` there", name);
  dom::object object;
  if (const auto error = file.parser.parse(*text).get(object); error != simdjson::SUCCESS)
    return Fail(ErrorCode::kBadModel, "{} is not a JSON object: {}", name, simdjson::error_message(error));
  file.root.emplace(object, fmt::format("{}: ", name));
  return file.root->CheckUnique();
}

// "size" and "crop_size": a number, {"shortest_edge"} or {"height", "width"}.
struct Size {
  int shortest = 0;  // 0: height and width count
  int height = 0;
  int width = 0;
};

Result<Size> ReadSize(const Object& config, std::string_view key) {
  const auto element = config.Find(key);
  if (!element.has_value()) return config.Refuse(key, "is missing");
  Size size;
  if (element->is_object()) {
    HC_ASSIGN(const std::optional<Object> object, config.Member(key));
    constexpr std::array<std::string_view, 3> known_words = {"shortest_edge", "height", "width"};
    HC_TRY(object->OnlyKeys(known_words));
    HC_ASSIGN(size.shortest, object->Integer("shortest_edge", 0, 1, kMaxSide));
    HC_ASSIGN(size.height, object->Integer("height", 0, 1, kMaxSide));
    HC_ASSIGN(size.width, object->Integer("width", 0, 1, kMaxSide));
    const bool is_square = size.height > 0 && size.height == size.width;
    if (size.shortest > 0 ? size.height + size.width > 0 : !is_square)
      return config.Refuse(key, "must have shortest_edge, or height and width, and these must be equal");
    return size;
  }
  HC_ASSIGN(size.shortest, config.Integer(key, 0, 1, kMaxSide));
  return size;
}

Status RequireTrue(const Object& config, std::string_view key) {
  HC_ASSIGN(const bool value, config.Boolean(key, true));
  if (!value) return config.Refuse(key, "is false; only true can be imported");
  return {};
}

Status CheckProcessorType(const Object& config) {
  constexpr std::array<std::string_view, 4> known_words = {"CLIPImageProcessor", "CLIPImageProcessorFast",
                                                           "CLIPImageProcessorPil", "CLIPFeatureExtractor"};
  for (const std::string_view key : {"image_processor_type", "feature_extractor_type"}) {
    HC_ASSIGN(const std::string type, config.Text(key));
    if (!type.empty() && std::ranges::find(known_words, type) == known_words.end())
      return config.Refuse(key, fmt::format("is '{}'; known are {}", type, fmt::join(known_words, ", ")));
  }
  return {};
}

// The part of CLIPImageProcessor that a PreprocessSpec can express; all else is refused by name.
Status CheckSteps(const Object& config) {
  HC_TRY(CheckProcessorType(config));
  for (const std::string_view key : {"do_resize", "do_rescale", "do_normalize", "do_convert_rgb"})
    HC_TRY(RequireTrue(config, key));
  HC_ASSIGN(const int resample, config.Integer("resample", kBicubic, 0, 100));
  if (resample != kBicubic) return config.Refuse("resample", fmt::format("is {}; only 3 (bicubic) is known", resample));
  HC_ASSIGN(const double factor, config.Real("rescale_factor", 1.0 / 255, 0, 1));
  if (std::abs(factor * 255 - 1) > 1e-6) return config.Refuse("rescale_factor", "must be 1/255");
  HC_ASSIGN(const bool to_square, config.Boolean("default_to_square", false));
  const auto size = config.Find("size");
  if (to_square && size.has_value() && !size->is_object())
    return config.Refuse("default_to_square", "must be false where size is a number");
  return {};
}

Result<PreprocessSpec> ReadPreprocessor(const Object& config) {
  // The first two rows are read below; the others say how a Python program passes arrays around.
  constexpr std::array<std::string_view, 22> known_words = {"do_resize",
                                                            "do_rescale",
                                                            "do_normalize",
                                                            "do_convert_rgb",
                                                            "do_center_crop",
                                                            "resample",
                                                            "rescale_factor",
                                                            "size",
                                                            "crop_size",
                                                            "image_mean",
                                                            "image_std",
                                                            "default_to_square",
                                                            "image_processor_type",
                                                            "feature_extractor_type",
                                                            "processor_class",
                                                            "data_format",
                                                            "input_data_format",
                                                            "return_tensors",
                                                            "device",
                                                            "disable_grouping",
                                                            "_valid_processor_keys",
                                                            "model_input_names"};
  HC_TRY(config.OnlyKeys(known_words));
  HC_TRY(CheckSteps(config));
  PreprocessSpec spec;
  HC_ASSIGN(const Size size, ReadSize(config, "size"));
  HC_ASSIGN(const bool crops, config.Boolean("do_center_crop", true));
  if (!crops && size.shortest > 0)
    return config.Refuse("do_center_crop", "is false, but size keeps the picture's shape: the input is not square");
  Size crop = size;
  if (crops) {
    HC_ASSIGN(crop, ReadSize(config, "crop_size"));
  }
  spec.crop_size = std::max(crop.shortest, crop.height);
  spec.resize_size = std::max(size.shortest, size.height);
  spec.resize_mode = size.shortest > 0 ? ResizeMode::kShortestSide : ResizeMode::kSquash;
  if (spec.resize_size < spec.crop_size) return config.Refuse("crop_size", "must not be larger than size");
  if (spec.resize_mode == ResizeMode::kSquash && spec.resize_size != spec.crop_size)
    return config.Refuse("crop_size", "must equal size where that has height and width");
  // OpenAI's and torchvision's rounding, which the weights were trained with. It is one pixel off transformers' own
  // when (longer side - crop) % 4 == 3; docs/MODELS.md says more.
  spec.crop_rounding = CropRounding::kHalfToEven;
  HC_ASSIGN(spec.mean, config.Triple("image_mean", -10, 10));
  HC_ASSIGN(spec.standard_deviation, config.Triple("image_std", 1e-3, 1e3));
  return spec;
}

Status CheckModelType(const Object& config, std::string_view wanted) {
  HC_ASSIGN(const std::string type, config.Text("model_type"));
  if (type == wanted) return {};
  return config.Refuse("model_type", fmt::format("is '{}'; only '{}' can be imported yet", type, wanted));
}

struct Towers {
  int context_length = kDefaultContextLength;
  int image_size = kDefaultImageSize;
};

Result<Towers> ReadTowers(const Object& config) {
  Towers towers;
  HC_ASSIGN(const std::optional<Object> text, config.Member("text_config"));
  if (text.has_value()) {
    if (text->Find("model_type").has_value()) HC_TRY(CheckModelType(*text, "clip_text_model"));
    HC_ASSIGN(towers.context_length, text->Integer("max_position_embeddings", kDefaultContextLength, 3, 4'096));
  }
  HC_ASSIGN(const std::optional<Object> vision, config.Member("vision_config"));
  if (vision.has_value()) {
    if (vision->Find("model_type").has_value()) HC_TRY(CheckModelType(*vision, "clip_vision_model"));
    HC_ASSIGN(towers.image_size, vision->Integer("image_size", kDefaultImageSize, 1, kMaxSide));
    HC_ASSIGN(const int channels, vision->Integer("num_channels", kDefaultChannels, 1, 1'000));
    if (channels != kDefaultChannels) return vision->Refuse("num_channels", "must be 3");
  }
  return towers;
}

}  // namespace

bool IsLfsPointer(std::string_view head) { return head.starts_with("version https://git-lfs.github.com/spec/"); }

Result<PublishedModel> ReadPublishedModel(const std::filesystem::path& folder) {
  JsonFile config;
  HC_TRY(ReadJson(folder, "config.json", config));
  HC_TRY(CheckModelType(*config.root, "clip"));
  PublishedModel model;
  HC_ASSIGN(model.source, config.root->Text("_name_or_path"));
  HC_ASSIGN(model.embedding_dimension, config.root->Integer("projection_dim", kDefaultDimension, 1, 16'384));
  HC_ASSIGN(const double scale, config.root->Real("logit_scale_init_value", kDefaultLogitScaleInit, -6, 11));
  model.logit_scale = static_cast<float>(std::exp(scale));
  HC_ASSIGN(const Towers towers, ReadTowers(*config.root));
  model.context_length = towers.context_length;

  JsonFile preprocessor;
  HC_TRY(ReadJson(folder, "preprocessor_config.json", preprocessor));
  HC_ASSIGN(model.image, ReadPreprocessor(*preprocessor.root));
  if (model.image.crop_size != towers.image_size)
    return Fail(ErrorCode::kBadModel,
                "preprocessor_config.json makes pictures of {} pixels, config.json's vision_config.image_size is {}",
                model.image.crop_size, towers.image_size);
  model.notes.push_back(fmt::format(
      "scoring.logit_scale is {:.4g}: the value that training began with, as config.json says. The trained value is "
      "only in the weights (100 for OpenAI's models); if the scores are too even, set it in manifest.yaml",
      model.logit_scale));
  return model;
}

}  // namespace hailo_clip
