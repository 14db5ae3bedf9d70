// A configuration file. What is accepted must print to a file that loads to the same.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using hailo_clip::FormatConfig;
  hailo_clip::ConfigSources sources;
  sources.file = std::filesystem::temp_directory_path() / fmt::format("hailo-clip-fuzz-{}.yaml", ::getpid());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!hailo_clip::WriteFileAtomically(*sources.file, text).has_value()) return 0;
  const auto loaded = hailo_clip::LoadConfig(sources);
  if (!loaded.has_value()) return 0;
  const std::string printed = FormatConfig(loaded->config);
  if (!hailo_clip::WriteFileAtomically(*sources.file, printed).has_value()) return 0;
  const auto again = hailo_clip::LoadConfig(sources);
  if (!again.has_value() || FormatConfig(again->config) != printed) std::abort();
  return 0;
}
