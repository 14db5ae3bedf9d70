#include "backend/registry.h"

#include <fmt/ranges.h>

#include <array>

#include "backend/onnx/onnx_backend.h"

namespace hailo_clip {
namespace {

struct Entry {
  std::string_view name;
  Result<std::unique_ptr<Backend>> (*create)(const BackendOptions&, const Logger&);
};

constexpr std::array kBackends = {
    Entry{"onnx", &CreateOnnxBackend},
};

}  // namespace

Result<std::unique_ptr<Backend>> CreateBackend(std::string_view name, const BackendOptions& options,
                                               const Logger& logger) {
  for (const Entry& entry : kBackends)
    if (entry.name == name) return entry.create(options, logger);
  return Fail(ErrorCode::kNotFound, "there is no backend '{}' in this program; it has: {}", name,
              fmt::join(BackendNames(), ", "));
}

std::vector<std::string_view> BackendNames() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kBackends) names.push_back(entry.name);
  return names;
}

}  // namespace hailo_clip
