#include "backend/registry.h"

#include <fmt/ranges.h>

#include <array>

#include "backend/onnx/onnx_backend.h"
#include "backend/simulated/simulated_backend.h"

namespace hailo_clip {
namespace {

struct Entry {
  std::string_view name;
  std::string_view models;  // whose encoder files it takes
  Result<std::unique_ptr<Backend>> (*create)(const BackendOptions&, const Logger&);
};

constexpr std::array kBackends = {
    Entry{"onnx", "onnx", &CreateOnnxBackend},
    Entry{"simulated", "onnx", &CreateSimulatedBackend},
};

}  // namespace

Result<std::unique_ptr<Backend>> CreateBackend(std::string_view name, const BackendOptions& options,
                                               const Logger& logger) {
  for (const Entry& entry : kBackends)
    if (entry.name == name) return entry.create(options, logger);
  return Fail(ErrorCode::kNotFound, "there is no backend '{}' in this program; it has: {}", name,
              fmt::join(BackendNames(), ", "));
}

std::string_view ModelsForBackend(std::string_view name) {
  for (const Entry& entry : kBackends)
    if (entry.name == name) return entry.models;
  return name;
}

std::vector<std::string_view> BackendNames() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kBackends) names.push_back(entry.name);
  return names;
}

}  // namespace hailo_clip
