// Turns a folder that somebody published into a model folder of ours.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace hailo_clip {

struct ImportOptions {
  std::filesystem::path source;  // the published folder
  std::filesystem::path target;  // folder of models; the model is made in target/name
  // Empty: the source folder's name; for a snapshot of Hugging Face's cache (models--OWNER--NAME/snapshots/REVISION)
  // its NAME.
  std::string name;
  bool replace = false;  // an existing model of that name is an error otherwise
};

struct ImportResult {
  Manifest manifest;
  std::filesystem::path folder;
  std::string fingerprint;
  std::vector<std::string> notes;  // sentences for the person who imports: what was assumed, what to check
};

// Called with the staged folder (files only, no manifest.yaml yet) and its manifest, still without self-test vectors;
// may complete the manifest, but not rename it. The engine checks the model there and records the vectors. An error
// ends the import. May be empty.
using FinishImport = std::function<Status(const std::filesystem::path& staged_folder, Manifest& manifest)>;

// Reads the Hugging Face ONNX layout: onnx/vision_model.onnx, onnx/text_model.onnx, config.json,
// preprocessor_config.json, tokenizer.json or vocab.json + merges.txt. What it does not understand it refuses with
// the key's name. Copies the files into a hidden staging folder beside the target, calls `finish`, and only then does
// the model appear, by one rename, on disk to the last byte. A failure leaves nothing behind; what a power cut leaves
// is removed by an import a day later. Errors: kNotFound (no such folder, a file is missing), kUnsupported (a layout,
// family or setting that is not read), kBadModel (files that contradict each other), kInvalidArgument (name),
// kUnavailable (disk full, no permission), and what `finish` says.
[[nodiscard]] Result<ImportResult> ImportModel(const ImportOptions& options, const FinishImport& finish);

}  // namespace hailo_clip
