#include "config/load.h"

#include <algorithm>
#include <iterator>
#include <system_error>

#include "base/edit_distance.h"
#include "base/file.h"
#include "base/yaml.h"
#include "config/keys.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{256} << 10U;

const ConfigKey* FindKey(std::string_view name) {
  const auto& keys = ConfigKeys();
  const auto found = std::ranges::find(keys, name, &ConfigKey::name);
  return found == keys.end() ? nullptr : &*found;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string_view>& known) {
  const auto nearest = NearestWord(word, known);
  return nearest.has_value() ? fmt::format("; did you mean '{}'?", *nearest) : "";
}

// For a dotted name: a key that is spelt nearly so, or the same word in another section.
std::string DidYouMeanKey(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ConfigKey& key : ConfigKeys()) names.push_back(key.name);
  if (std::string hint = DidYouMean(name, names); !hint.empty()) return hint;
  const std::string_view word = name.substr(name.find('.') + 1);
  for (const ConfigKey& key : ConfigKeys())
    if (key.word() == word) return fmt::format("; did you mean '{}'?", key.name);
  return "";
}

Status SetKey(Config& config, const ConfigKey& key, const RawValue& raw) {
  if (raw.list.has_value() && !key.is_list)
    return Fail(ErrorCode::kInvalidArgument, "'{}' must be a single value, not a list", key.name);
  if (const Status set = key.set(config, raw); !set.has_value())
    return Fail(ErrorCode::kInvalidArgument, "'{}' {}", key.name, set.error().message);
  return {};
}

Result<RawValue> RawOf(const ConfigKey& key, const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) return RawValue{.text = node.text, .list = std::nullopt};
  if (node.kind == YamlNode::Kind::kNull)
    return Fail(ErrorCode::kInvalidArgument, "'{}' has no value; remove the line to have the default", key.name);
  if (node.kind == YamlNode::Kind::kMapping)
    return Fail(ErrorCode::kInvalidArgument, "'{}' must be a single value, not a section", key.name);
  RawValue raw{.text = {}, .list = std::vector<std::string>()};
  for (const YamlNode& item : node.children) {
    if (item.kind != YamlNode::Kind::kScalar)
      return Fail(ErrorCode::kInvalidArgument, "'{}' must be a list of words", key.name);
    raw.list->push_back(item.text);
  }
  return raw;
}

// A section's members, one by one. Errors carry "file:line: ".
Status ApplySection(Config& config, const YamlNode& section, std::string_view file) {
  for (const YamlNode& node : section.children) {
    const std::string where = fmt::format("{}:{}", file, node.line);
    const std::string name = fmt::format("{}.{}", section.key, node.key);
    const ConfigKey* key = FindKey(name);
    if (key == nullptr)
      return Fail(ErrorCode::kInvalidArgument, "{}: unknown key '{}'{}", where, name, DidYouMeanKey(name));
    Result<RawValue> raw = RawOf(*key, node);
    if (!raw.has_value()) return FailWithin(where, std::move(raw).error());
    if (Status set = SetKey(config, *key, *raw); !set.has_value()) return FailWithin(where, std::move(set).error());
  }
  return {};
}

Status ApplyFile(Config& config, const std::filesystem::path& path) {
  const Result<std::string> text = ReadFile(path, kMaxFileBytes);
  if (!text.has_value()) return Fail(ErrorCode::kInvalidArgument, "{}", text.error().message);
  const std::string file = path.string();
  HC_ASSIGN(const YamlNode root, ParseYaml(*text, file, {.max_bytes = kMaxFileBytes, .max_depth = 4}));
  if (root.kind == YamlNode::Kind::kNull) return {};
  if (root.kind != YamlNode::Kind::kMapping)
    return Fail(ErrorCode::kInvalidArgument, "{}:{}: must begin with a section, such as 'server:'", file, root.line);
  std::vector<std::string_view> sections;
  for (const ConfigKey& key : ConfigKeys())
    if (sections.empty() || sections.back() != key.section()) sections.push_back(key.section());
  for (const YamlNode& section : root.children) {
    if (std::ranges::find(sections, section.key) == sections.end()) {
      const std::string hint = DidYouMean(section.key, sections);
      return Fail(ErrorCode::kInvalidArgument, "{}:{}: unknown key '{}'{}", file, section.line, section.key,
                  hint.empty() ? DidYouMeanKey(section.key) : hint);
    }
    // All keys of a section may be commented out.
    if (section.kind != YamlNode::Kind::kMapping && section.kind != YamlNode::Kind::kNull)
      return Fail(ErrorCode::kInvalidArgument, "{}:{}: '{}' must be a section of keys", file, section.line,
                  section.key);
    HC_TRY(ApplySection(config, section, file));
  }
  return {};
}

// Refuses what looks like a misspelt key. Other names are warned of: a container's platform makes up such variables
// from the names of services (HAILO_CLIP_PORT_5000_TCP).
Status ApplyEnvironment(Config& config, const ConfigSources& sources, std::vector<std::string>& warnings) {
  std::vector<std::string> variables;
  for (const ConfigKey& key : ConfigKeys()) variables.push_back(key.variable());
  const std::vector<std::string_view> known(variables.begin(), variables.end());
  for (const std::string& name : sources.environment_names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    if (const std::string hint = DidYouMean(name, known); !hint.empty())
      return Fail(ErrorCode::kInvalidArgument, "unknown environment variable {}{}", name, hint);
    warnings.push_back(fmt::format("environment variable {} is no configuration key and is ignored", name));
  }
  if (!sources.getenv) return {};
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const char* text = sources.getenv(variables[i].c_str());
    if (text == nullptr) continue;
    Status set = SetKey(config, ConfigKeys()[i], {.text = text, .list = std::nullopt});
    if (!set.has_value()) return FailWithin(variables[i], std::move(set).error());
  }
  return {};
}

Status ApplyFlags(Config& config, const ConfigSources& sources) {
  for (const auto& [name, text] : sources.flags) {
    const ConfigKey* key = FindKey(name);
    if (key == nullptr)
      return Fail(ErrorCode::kInvalidArgument, "command line: unknown key '{}'{}", name, DidYouMeanKey(name));
    Status set = SetKey(config, *key, {.text = text, .list = std::nullopt});
    if (!set.has_value()) return FailWithin("command line", std::move(set).error());
  }
  return {};
}

Status CheckTogether(const Config& config) {
  if (config.server.max_body_bytes > config.server.max_body_bytes_in_flight)
    return Fail(ErrorCode::kInvalidArgument,
                "'server.max_body_bytes' ({}) must not be above 'server.max_body_bytes_in_flight' ({}): no request of "
                "that size could ever be read",
                config.server.max_body_bytes, config.server.max_body_bytes_in_flight);
  return {};
}

std::vector<std::string> Warnings(const Config& config) {
  std::vector<std::string> warnings;
  constexpr int unit_stop_timeout_s = 30;  // TimeoutStopSec of the packaged unit
  if (config.server.shutdown_timeout_s >= unit_stop_timeout_s)
    warnings.push_back(
        fmt::format("'server.shutdown_timeout_s' is {}: systemd kills the service after {} s, so the "
                    "unit's TimeoutStopSec must be raised too",
                    config.server.shutdown_timeout_s, unit_stop_timeout_s));
  return warnings;
}

}  // namespace

Result<LoadedConfig> LoadConfig(const ConfigSources& sources) {
  LoadedConfig loaded;
  std::error_code error;
  if (sources.file.has_value()) {
    loaded.file = sources.file;
  } else if (std::filesystem::exists(kDefaultConfigFile, error)) {
    loaded.file = kDefaultConfigFile;
  }
  if (loaded.file.has_value()) HC_TRY(ApplyFile(loaded.config, *loaded.file));
  HC_TRY(ApplyEnvironment(loaded.config, sources, loaded.warnings));
  HC_TRY(ApplyFlags(loaded.config, sources));
  HC_TRY(CheckTogether(loaded.config));
  std::ranges::move(Warnings(loaded.config), std::back_inserter(loaded.warnings));
  return loaded;
}

std::string FormatConfig(const Config& config) {
  std::string text;
  std::string_view section;
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.section() != section) {
      section = key.section();
      text += fmt::format("{}:\n", section);
    }
    text += fmt::format("  {}: {}\n", key.word(), key.format(config));
  }
  return text;
}

ConfigChange CompareConfigs(const Config& running, const Config& wanted) {
  ConfigChange change;
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.format(running) == key.format(wanted)) continue;
    (key.live ? change.applied_live : change.need_restart).emplace_back(key.name);
  }
  return change;
}

}  // namespace hailo_clip
