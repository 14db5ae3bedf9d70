// What the subcommands share: exit statuses, common flags, configuration and engine.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "config/load.h"
#include "engine/engine.h"
#include "model/store.h"

namespace hailo_clip {

// The contract of the command line; scripts depend on it.
inline constexpr int kExitDone = 0;
inline constexpr int kExitSomeFailed = 1;  // some inputs failed (named on stderr), the others were answered
inline constexpr int kExitUsage = 2;       // wrong usage or configuration
inline constexpr int kExitNoModel = 3;     // model or backend not available
inline constexpr int kExitNoPort = 4;      // the port cannot be bound

[[nodiscard]] int ExitStatusOf(ErrorCode code);

// Prints "hailo-clip: message" to stderr and returns the exit status that belongs to it.
int Report(const Error& error);

// The version as --version and /health say it.
[[nodiscard]] std::string_view Version();

// Flags that every subcommand takes; they override the environment and the file.
struct CommonFlags {
  std::optional<std::filesystem::path> config_file;
  std::vector<std::pair<std::string, std::string>> overrides;  // "server.port" -> "5001"
};

// Adds a flag that overrides one configuration key.
void AddOverride(CLI::App& command, CommonFlags& flags, const std::string& flag, const std::string& key,
                 const std::string& description);

// --config, --set, --model, --log-level.
void AddCommonFlags(CLI::App& command, CommonFlags& flags);

[[nodiscard]] Result<LoadedConfig> LoadConfigFor(const CommonFlags& flags);

// The folders that models are looked for in, with this program's share folder last.
[[nodiscard]] std::vector<std::filesystem::path> ModelFolders(const Config& config);

// Where label sets are: the user's own, and those in this program's share folder.
[[nodiscard]] LabelSetStore::Folders LabelSetFolders(const Config& config);

// An engine that is loaded and has passed its self-test, with what it depends on. For commands that work on files:
// they log warnings only, as text.
struct LocalEngine {
  Config config;
  std::unique_ptr<Logger> logger;
  std::unique_ptr<Clock> clock;
  std::unique_ptr<Engine> engine;
};
[[nodiscard]] Result<LocalEngine> StartLocalEngine(const CommonFlags& flags);

// Each registers its subcommand; the callback leaves the exit status in `status`.
void AddServeCommand(CLI::App& app, CommonFlags& flags, int& status);
void AddClassifyCommand(CLI::App& app, CommonFlags& flags, std::vector<std::string>& prompts_after_dashes, int& status);
void AddEmbedCommand(CLI::App& app, CommonFlags& flags, int& status);
void AddModelsCommand(CLI::App& app, CommonFlags& flags, int& status);
void AddBenchCommand(CLI::App& app, CommonFlags& flags, int& status);
void AddLabelSetsCommand(CLI::App& app, CommonFlags& flags, int& status);
void AddKeysCommand(CLI::App& app, CommonFlags& flags, int& status);
void AddConfigCommand(CLI::App& app, CommonFlags& flags, int& status);
void AddDoctorCommand(CLI::App& app, CommonFlags& flags, int& status);

// The whole program: parses, runs one subcommand, returns its exit status.
[[nodiscard]] int RunCommandLine(int argc, const char* const* argv);

}  // namespace hailo_clip
