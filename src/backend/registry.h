// Which backends this program has. Adding one: its folder, a line in registry.cc, an option in CMake.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/log.h"
#include "base/result.h"

namespace hailo_clip {

// By the name that configuration and manifests use ("onnx"); kNotFound lists those that are built in. `logger` must
// outlive the backend.
[[nodiscard]] Result<std::unique_ptr<Backend>> CreateBackend(std::string_view name, const BackendOptions& options,
                                                             const Logger& logger);

// The backend whose encoders a model must have to be served by this one: its own, but the simulated device takes the
// tokenizer and the picture's size of any model for "onnx".
[[nodiscard]] std::string_view ModelsForBackend(std::string_view name);

[[nodiscard]] std::vector<std::string_view> BackendNames();

}  // namespace hailo_clip
