#include <algorithm>
#include <array>
#include <cmath>

#include "model/huggingface_config.h"
#include "model/json_object.h"

namespace hailo_clip {
namespace {

// PIL.Image.Resampling
constexpr int kPillowBilinear = 2;
constexpr int kPillowBicubic = 3;

constexpr std::array<std::string_view, 8> kProcessors = {
    "CLIPImageProcessor",   "CLIPImageProcessorFast",   "CLIPImageProcessorPil",   "CLIPFeatureExtractor",
    "SiglipImageProcessor", "SiglipImageProcessorFast", "SiglipImageProcessorPil", "SiglipFeatureExtractor"};

// The first two rows are read below; the others say how a Python program passes arrays around.
constexpr std::array<std::string_view, 23> kKnownKeys = {"do_resize",
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
                                                         "image_seq_length",
                                                         "_valid_processor_keys",
                                                         "model_input_names"};

// "size" and "crop_size": a number, {"shortest_edge"} or {"height", "width"}.
struct Size {
  int shortest = 0;  // 0: height and width count
  int height = 0;
  int width = 0;
};

Result<Size> ReadSize(const JsonObject& config, std::string_view key) {
  if (!config.Has(key)) return config.Refuse(key, "is missing");
  Size size;
  if (!config.HasObject(key)) {
    HC_ASSIGN(size.shortest, config.Integer(key, 0, 1, kMaxPictureSide));
    return size;
  }
  HC_ASSIGN(const JsonObject object, config.Member(key));
  constexpr std::array<std::string_view, 3> known_words = {"shortest_edge", "height", "width"};
  HC_TRY(object.OnlyKeys(known_words));
  HC_ASSIGN(size.shortest, object.Integer("shortest_edge", 0, 1, kMaxPictureSide));
  HC_ASSIGN(size.height, object.Integer("height", 0, 1, kMaxPictureSide));
  HC_ASSIGN(size.width, object.Integer("width", 0, 1, kMaxPictureSide));
  const bool is_square = size.height > 0 && size.height == size.width;
  if (size.shortest > 0 ? size.height + size.width > 0 : !is_square)
    return config.Refuse(key, "must have shortest_edge, or height and width, and these must be equal");
  return size;
}

// SigLIP's processor never crops; CLIP's does unless told otherwise.
Result<bool> Crops(const JsonObject& config) {
  HC_ASSIGN(const std::string type, config.Text("image_processor_type"));
  return config.Boolean("do_center_crop", !type.starts_with("Siglip"));
}

// The part of the processors that a PreprocessSpec can express; all else is refused by name.
Status CheckSteps(const JsonObject& config) {
  HC_TRY(config.OnlyKeys(kKnownKeys));
  for (const std::string_view key : {"image_processor_type", "feature_extractor_type"})
    HC_TRY(config.OneOf(key, kProcessors));
  for (const std::string_view key : {"do_resize", "do_rescale", "do_convert_rgb"}) HC_TRY(config.RequireTrue(key));
  HC_ASSIGN(const double factor, config.Real("rescale_factor", 1.0 / 255, 0, 1));
  if (std::abs(factor * 255 - 1) > 1e-6) return config.Refuse("rescale_factor", "must be 1/255");
  HC_ASSIGN(const bool to_square, config.Boolean("default_to_square", false));
  if (to_square && config.Has("size") && !config.HasObject("size"))
    return config.Refuse("default_to_square", "must be false where size is a number");
  return {};
}

Status ReadNormalisation(const JsonObject& config, PreprocessSpec& spec) {
  HC_ASSIGN(const bool normalises, config.Boolean("do_normalize", true));
  spec.mean = {0, 0, 0};
  spec.standard_deviation = {1, 1, 1};
  if (!normalises) return {};
  HC_ASSIGN(spec.mean, config.Triple("image_mean", -10, 10));
  HC_ASSIGN(spec.standard_deviation, config.Triple("image_std", 1e-3, 1e3));
  return {};
}

}  // namespace

Result<PreprocessSpec> ReadPreprocessorConfig(const std::filesystem::path& folder) {
  HC_ASSIGN(const JsonFile file, JsonFile::Read(folder, "preprocessor_config.json"));
  const JsonObject config = file.root();
  HC_TRY(CheckSteps(config));
  PreprocessSpec spec;
  HC_ASSIGN(const int resample, config.Integer("resample", kPillowBicubic, 0, 100));
  if (resample != kPillowBicubic && resample != kPillowBilinear)
    return config.Refuse("resample", fmt::format("is {}; known are 2 (bilinear) and 3 (bicubic)", resample));
  spec.interpolation = resample == kPillowBicubic ? Interpolation::kBicubic : Interpolation::kBilinear;
  HC_ASSIGN(const Size size, ReadSize(config, "size"));
  HC_ASSIGN(const bool crops, Crops(config));
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
  HC_TRY(ReadNormalisation(config, spec));
  return spec;
}

}  // namespace hailo_clip
