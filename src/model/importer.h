// Turns a folder that somebody published into a model folder of ours.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "model/manifest.h"

namespace hailo_clip {

struct ImportOptions {
  std::filesystem::path source;  // the published folder
  std::filesystem::path target;  // folder of models; the model is made in target/name
  std::string name;              // empty: the source folder's name
  bool replace = false;          // an existing model of that name is an error otherwise
};

// Called with the staged folder and its manifest (still without self-test vectors); may complete the manifest. The
// engine checks the model there and records the vectors. An error ends the import.
using FinishImport = std::function<Status(const std::filesystem::path& staged_folder, Manifest& manifest)>;

// Reads the Hugging Face ONNX layout: onnx/vision_model.onnx, onnx/text_model.onnx, config.json,
// preprocessor_config.json, tokenizer.json or vocab.json + merges.txt. What it does not understand it refuses with
// the key's name. Copies the files into a hidden staging folder beside the target, calls `finish`, and only then does
// the model appear, by one rename. Any failure leaves nothing behind.
[[nodiscard]] Result<Manifest> ImportModel(const ImportOptions& options, const FinishImport& finish);

}  // namespace hailo_clip
