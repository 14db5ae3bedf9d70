// The one table of configuration keys: file, environment, flags, printing and comparison all come from it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/values.h"

namespace hailo_clip {

struct ConfigKey {
  std::string_view name;  // "server.port": the section, a dot, the key
  bool is_list = false;
  bool live = false;  // a running service takes a new value on SIGHUP

  // kInvalidArgument with what is wrong, without the key's name; the configuration is then as it was.
  std::function<Status(Config&, const RawValue&)> set;
  std::function<std::string(const Config&)> format;  // as YAML

  [[nodiscard]] std::string_view section() const { return name.substr(0, name.find('.')); }
  [[nodiscard]] std::string_view word() const { return name.substr(name.find('.') + 1); }
  [[nodiscard]] std::string variable() const;  // "HAILO_CLIP_SERVER_PORT"
};

// In the order of the sections and keys of packaging/hailo-clip.yaml.
[[nodiscard]] const std::vector<ConfigKey>& ConfigKeys();

}  // namespace hailo_clip
