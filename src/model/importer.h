// Turns a folder that somebody published into a model folder of ours.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
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
  // Which of the published graphs: "fp32", "fp16", "int8", ... (published_files.h). Empty: fp32.
  std::string precision;
  // For published files that do not say them, or say them wrongly. A bias is for sigmoid models, with a scale.
  std::optional<float> logit_scale;  // already exponentiated
  std::optional<float> logit_bias;
};

struct ImportResult {
  Manifest manifest;
  std::filesystem::path folder;
  std::string fingerprint;
  std::vector<std::string> notes;  // sentences for the person who imports: what was assumed, what to check
};

// A model on its way in.
struct StagedModel {
  std::filesystem::path folder;  // its files, no manifest.yaml yet
  Manifest manifest;             // complete but for the self-test vectors
  // A published graph of both sides (not in `folder`) with the inputs and outputs of Hugging Face's exports: its
  // logits tell the trained logit scale and bias, which the configuration files do not.
  std::optional<std::filesystem::path> logits_graph;
  std::vector<std::string> notes;
};

// The engine measures the logits, checks the model and records the vectors; it may change all but the manifest's name.
// An error ends the import. May be empty.
using FinishImport = std::function<Status(StagedModel& model)>;

// Recognises the layout by the files that are there (published.h lists the layouts) and takes everything from the
// published configuration files. What it does not understand it refuses with the key's name. Copies the files into a
// hidden staging folder beside the target, calls `finish`, and only then does the model appear, by one rename, on disk
// to the last byte. A failure leaves nothing behind; what a power cut leaves is removed by an import a day later.
// Errors: kNotFound (no such folder, a file is missing), kUnsupported (a layout, family or setting that is not read),
// kBadModel (files that contradict each other), kInvalidArgument (name, flags), kUnavailable (disk full, no
// permission), and what `finish` says.
[[nodiscard]] Result<ImportResult> ImportModel(const ImportOptions& options, const FinishImport& finish);

}  // namespace hailo_clip
