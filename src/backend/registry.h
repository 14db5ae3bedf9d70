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

[[nodiscard]] std::vector<std::string_view> BackendNames();

}  // namespace hailo_clip
