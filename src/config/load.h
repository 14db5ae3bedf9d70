// Configuration from defaults < file < environment < flags.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace hailo_clip {

inline constexpr std::string_view kDefaultConfigFile = "/etc/hailo/hailo-clip.yaml";

struct ConfigSources {
  // A file that was named must exist; without one, kDefaultConfigFile is read if it is there.
  std::optional<std::filesystem::path> file;
  // Reads the environment; a test passes its own.
  std::function<const char*(const char*)> getenv;
  // Names of all environment variables that start with HAILO_CLIP_, so that a misspelt one is refused.
  std::vector<std::string> environment_names;
  // From the command line: "server.port" -> "5001", last word.
  std::vector<std::pair<std::string, std::string>> flags;
};

struct LoadedConfig {
  Config config;
  std::optional<std::filesystem::path> file;  // the one that was read
  std::vector<std::string> warnings;
};

// kInvalidArgument names the file and line (or the variable, or the flag), the key, what is wrong and the nearest
// known key. An environment variable that starts with HAILO_CLIP_ and is nearly
// a key's is refused likewise; one that is like none is among the warnings.
[[nodiscard]] Result<LoadedConfig> LoadConfig(const ConfigSources& sources);

// The whole configuration as YAML, every key with its value.
[[nodiscard]] std::string FormatConfig(const Config& config);

// SIGHUP: dotted keys whose values differ, split by whether a running service can take the new value
// (logging.level, server.debug, server.allowed_origins, ...).
struct ConfigChange {
  std::vector<std::string> applied_live;
  std::vector<std::string> need_restart;
};
[[nodiscard]] ConfigChange CompareConfigs(const Config& running, const Config& wanted);

}  // namespace hailo_clip
