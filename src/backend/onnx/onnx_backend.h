// ONNX Runtime on the CPU.
#pragma once

#include <memory>

#include "backend/backend.h"
#include "base/log.h"

namespace hailo_clip {

// One pool of options.threads threads serves all encoders of this backend. `logger` must outlive it.
[[nodiscard]] Result<std::unique_ptr<Backend>> CreateOnnxBackend(const BackendOptions& options, const Logger& logger);

}  // namespace hailo_clip
