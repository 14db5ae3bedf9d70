// onnx/vision_model.onnx and onnx/text_model.onnx (also without onnx/), as Hugging Face's exporters write them.
#include "model/huggingface_config.h"
#include "model/published_files.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

std::string_view GraphFolder(const fs::path& folder) {
  for (const char* file : {"onnx/vision_model.onnx", "onnx/text_model.onnx"})
    if (HasGraph(folder, file)) return "onnx/";
  return "";
}

bool IsSplit(const fs::path& folder) {
  for (const char* file : {"onnx/vision_model.onnx", "onnx/text_model.onnx", "vision_model.onnx", "text_model.onnx"})
    if (HasGraph(folder, file)) return true;
  return false;
}

Result<PublishedModel> ReadSplit(const fs::path& folder, std::string_view precision) {
  const std::string where(GraphFolder(folder));
  // The graphs are asked for first: that one is missing says more than a detail of a configuration.
  HC_ASSIGN(EncoderFile image,
            FindGraph(folder, where + "vision_model.onnx", precision, "pixel_values", "image_embeds"));
  HC_ASSIGN(EncoderFile text, FindGraph(folder, where + "text_model.onnx", precision, "input_ids", "text_embeds"));
  HC_ASSIGN(PublishedModel model, ReadHuggingFaceConfigs(folder));
  if (model.manifest.family == ModelFamily::kSiglip) image.output = text.output = "pooler_output";
  model.manifest.encoders["onnx"] = {.image = std::move(image), .text = std::move(text)};
  // The logits of full precision tell the scale best.
  const auto both = FindGraph(folder, where + "model.onnx", "", "", "");
  const auto both_alike = FindGraph(folder, where + "model.onnx", precision, "", "");
  if (both.has_value() || both_alike.has_value()) {
    model.logits_graph = (both.has_value() ? both : both_alike)->file;
  } else if (model.logits_known) {
    model.notes.push_back(fmt::format(
        "scoring.logit_scale is {:.4g}: the value that training began with, as config.json says. The trained value is "
        "only in the weights (100 for OpenAI's models); if the scores are too even, import again with --logit-scale",
        model.manifest.scoring.logit_scale));
  }
  return model;
}

}  // namespace

const Layout kHuggingFaceSplitLayout = {
    .name = "Hugging Face, two graphs",
    .files = "onnx/vision_model.onnx, onnx/text_model.onnx, config.json, preprocessor_config.json, a tokenizer",
    .matches = &IsSplit,
    .read = &ReadSplit};

}  // namespace hailo_clip
