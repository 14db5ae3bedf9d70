// visual/model.onnx and textual/model.onnx, as Immich's exporter writes open_clip's models. Either side may be alone.
#include "model/open_clip_config.h"
#include "model/published_files.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

constexpr const char* kImageGraph = "visual/model.onnx";
constexpr const char* kTextGraph = "textual/model.onnx";

bool IsOpenClip(const fs::path& folder) { return HasGraph(folder, kImageGraph) || HasGraph(folder, kTextGraph); }

Result<PublishedModel> ReadOpenClip(const fs::path& folder, std::string_view precision) {
  HC_ASSIGN(EncoderFile image, FindGraph(folder, kImageGraph, precision, "image", "embedding"));
  HC_ASSIGN(PublishedModel model, ReadOpenClipConfigs(folder));
  model.manifest.encoders["onnx"].image = std::move(image);
  if (!HasGraph(folder, kTextGraph)) {
    model.manifest.text = {};
    model.notes.assign({"there is no textual/model.onnx: this model embeds pictures only"});
    model.logits_known = true;  // nothing is scored
    return model;
  }
  // M-CLIP: the configuration is that of the vision tower's own model, with CLIP's tokenizer; the text tower is
  // another one, with its own tokenizer, and its graph has the names of Hugging Face's.
  const bool clip_configured = model.manifest.text.tokenizer.kind == TokenizerKind::kClipBpe;
  HC_TRY(FindTokenizer(folder, "textual/", model.manifest));
  const bool other_tower = clip_configured && model.manifest.text.tokenizer.kind != TokenizerKind::kClipBpe;
  HC_ASSIGN(model.manifest.encoders["onnx"].text,
            FindGraph(folder, kTextGraph, precision, other_tower ? "input_ids" : "text", "embedding"));
  return model;
}

}  // namespace

const Layout kOpenClipLayout = {
    .name = "open_clip (Immich)",
    .files = "visual/model.onnx, visual/preprocess_cfg.json, config.json, and textual/model.onnx with a tokenizer",
    .matches = &IsOpenClip,
    .read = &ReadOpenClip};

}  // namespace hailo_clip
