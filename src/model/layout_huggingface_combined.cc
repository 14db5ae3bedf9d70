// One model.onnx (or onnx/model.onnx) that takes pictures and texts together.
#include "model/huggingface_config.h"
#include "model/published_files.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

std::string GraphOf(const fs::path& folder) {
  return HasGraph(folder, "onnx/model.onnx") ? "onnx/model.onnx" : "model.onnx";
}

bool IsCombined(const fs::path& folder) {
  return HasGraph(folder, GraphOf(folder)) && HasFile(folder, "preprocessor_config.json");
}

Result<PublishedModel> ReadCombined(const fs::path& folder, std::string_view precision) {
  const std::string graph = GraphOf(folder);
  HC_ASSIGN(EncoderFile image, FindGraph(folder, graph, precision, "pixel_values", "image_embeds"));
  HC_ASSIGN(EncoderFile text, FindGraph(folder, graph, precision, "input_ids", "text_embeds"));
  HC_ASSIGN(PublishedModel model, ReadHuggingFaceConfigs(folder));
  model.logits_graph = image.file;
  model.manifest.encoders["onnx"] = {.image = std::move(image), .text = std::move(text)};
  model.notes.emplace_back(
      "one graph serves pictures and texts: every picture is computed with a text of one token beside it, every text "
      "with a picture. The same model published as two graphs is faster");
  return model;
}

}  // namespace

const Layout kHuggingFaceCombinedLayout = {
    .name = "Hugging Face, one graph",
    .files = "model.onnx or onnx/model.onnx, config.json, preprocessor_config.json, a tokenizer",
    .matches = &IsCombined,
    .read = &ReadCombined};

}  // namespace hailo_clip
