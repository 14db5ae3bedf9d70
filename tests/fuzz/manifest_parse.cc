// Manifests come with models that other people made. What is accepted must read back equal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using hailo_clip::FormatManifest;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = hailo_clip::ParseManifest(text);
  if (!manifest.has_value()) return 0;
  const auto again = hailo_clip::ParseManifest(FormatManifest(*manifest));
  if (!again.has_value() || FormatManifest(*again) != FormatManifest(*manifest)) std::abort();
  return 0;
}
