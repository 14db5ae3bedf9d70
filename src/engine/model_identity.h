// Which model and backend produced an answer.
#pragma once

#include <optional>
#include <string>

namespace hailo_clip {

// Every answer carries it.
struct ModelIdentity {
  std::string name;
  std::string fingerprint;  // "sha256:<16 hex>"
  std::string backend;      // really used: "onnx-cpu"
  int dimension = 0;
  bool simulated = false;                      // the backend computes nothing: embeddings are made up
  std::optional<std::string> requested_model;  // clip.model, if the starter serves in its place (clip.if_missing)
};

}  // namespace hailo_clip
