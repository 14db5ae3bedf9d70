#include "cli/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/journal.h"

namespace hailo_clip {
namespace {

std::vector<std::string> EnvironmentNames() {
  std::vector<std::string> names;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (variable.starts_with("HAILO_CLIP_")) names.emplace_back(variable.substr(0, variable.find('=')));
  }
  return names;
}

// <prefix>/bin/hailo-clip -> <prefix>/share/hailo-clip; a build tree has the same shape.
std::filesystem::path ProgramShare() {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return program.parent_path().parent_path() / "share" / "hailo-clip";
}

}  // namespace

int ExitStatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kTooLarge:
    case ErrorCode::kUnsupported: return kExitUsage;
    case ErrorCode::kNotFound:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeviceLost:
    case ErrorCode::kOutOfMemory:
    case ErrorCode::kBadModel: return kExitNoModel;
    case ErrorCode::kBusy:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kCancelled:
    case ErrorCode::kInternal: return kExitSomeFailed;
  }
  return kExitSomeFailed;
}

int Report(const Error& error) {
  // The journal takes "<3>" for the priority, so that `journalctl -p err` finds why the service did not start.
  fmt::print(stderr, "{}hailo-clip: {}\n", StderrIsJournal() ? "<3>" : "", error.message);
  return ExitStatusOf(error.code);
}

std::string_view Version() { return HAILO_CLIP_VERSION; }

void AddOverride(CLI::App& command, CommonFlags& flags, const std::string& flag, const std::string& key,
                 const std::string& description) {
  command.add_option_function<std::string>(
      flag, [&flags, key](const std::string& value) { flags.overrides.emplace_back(key, value); }, description);
}

void AddCommonFlags(CLI::App& command, CommonFlags& flags) {
  command.add_option("--config", flags.config_file,
                     "Configuration file (default: /etc/hailo/hailo-clip.yaml if it exists)");
  command
      .add_option_function<std::vector<std::string>>(
          "--set",
          [&flags](const std::vector<std::string>& settings) {
            for (const std::string& setting : settings) {
              const std::size_t equals = setting.find('=');
              if (equals == std::string::npos)
                throw CLI::ValidationError("--set", "'" + setting + "' is not KEY=VALUE");
              flags.overrides.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
            }
          },
          "Any configuration key, e.g. --set performance.worker_threads=4 (repeatable)")
      ->allow_extra_args(false)
      ->take_all();
  AddOverride(command, flags, "--model", "clip.model", "Model name, or auto");
  AddOverride(command, flags, "--log-level", "logging.level", "DEBUG, INFO, WARNING or ERROR");
}

Result<LoadedConfig> LoadConfigFor(const CommonFlags& flags) {
  return LoadConfig({.file = flags.config_file,
                     .getenv =
                         [](const char* name) {
                           return static_cast<const char*>(std::getenv(name));
                         },  // NOLINT(concurrency-mt-unsafe): before any thread
                     .environment_names = EnvironmentNames(),
                     .flags = flags.overrides});
}

std::vector<std::filesystem::path> ModelFolders(const Config& config) {
  return ModelStore::DefaultFolders(config.models.dirs, ProgramShare());
}

LabelSetStore::Folders LabelSetFolders(const Config& config) {
  return LabelSetStore::DefaultFolders(config.label_sets.dir, ProgramShare());
}

Result<LocalEngine> StartLocalEngine(const CommonFlags& flags) {
  HC_ASSIGN(LoadedConfig loaded, LoadConfigFor(flags));
  LocalEngine local{.config = std::move(loaded.config)};
  local.config.models.load.clear();  // one command uses one model, and no label sets but the one that it names
  local.config.text_embedding.mode = TextMode::kOnDemand;
  const LogLevel level =
      local.config.logging.level == LogLevel::kInfo ? LogLevel::kWarning : local.config.logging.level;
  local.logger = std::make_unique<Logger>(level, LogFormat::kText);
  local.clock = std::make_unique<Clock>();
  local.engine = std::make_unique<Engine>(Engine::Options{.config = local.config,
                                                          .model_folders = ModelFolders(local.config),
                                                          .label_set_folders = LabelSetFolders(local.config)},
                                          *local.logger, *local.clock);
  HC_TRY(local.engine->Load());
  return local;
}

}  // namespace hailo_clip
