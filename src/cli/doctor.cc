// hailo-clip doctor: everything a person needs to know about this installation, and what to do next.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <filesystem>

#include "backend/registry.h"
#include "base/process_memory.h"
#include "cli/command.h"
#include "cli/port_owner.h"
#include "http/api_key_file.h"

namespace hailo_clip {
namespace {

struct Findings {
  int problems = 0;
  std::vector<std::string> advice;

  static void Good(std::string_view what, std::string_view text) { fmt::print("[ ok ] {:<14} {}\n", what, text); }
  static void Note(std::string_view what, std::string_view text) { fmt::print("[note] {:<14} {}\n", what, text); }
  void Bad(std::string_view what, std::string_view text, std::string remedy) {
    fmt::print("[FAIL] {:<14} {}\n", what, text);
    ++problems;
    advice.push_back(std::move(remedy));
  }
};

double MemoryMiB(std::string_view key) { return static_cast<double>(ProcessMemory(key)) / (1 << 20); }

void CheckModels(const Config& config, Findings& findings) {
  const ModelStore store(ModelFolders(config));
  const StoreListing listing = store.List();
  std::vector<std::string> names;
  for (const InstalledModel& model : listing.models) names.push_back(model.manifest.name);
  if (names.empty()) {
    std::vector<std::string> folders;
    for (const std::filesystem::path& folder : store.folders()) folders.push_back(folder.string());
    findings.Bad("models", "none installed", fmt::format("put a model into one of {}", fmt::join(folders, ", ")));
  } else {
    Findings::Good("models", fmt::format("{}", fmt::join(names, ", ")));
  }
  for (const BrokenModel& broken : listing.broken)
    findings.Bad("models", fmt::format("{}: {}", broken.folder.string(), broken.error.message),
                 fmt::format("remove or import again: {}", broken.folder.string()));
}

void CheckAccelerator() {
  std::vector<std::string> nodes;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/dev", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("hailo") || name.starts_with("h1x")) nodes.push_back(entry->path().string());
  }
  if (nodes.empty()) {
    Findings::Note("accelerator", "no Hailo device node in /dev; the CPU serves");
  } else {
    Findings::Note("accelerator", fmt::format("{} found, but this version has no Hailo backend yet; the CPU serves",
                                              fmt::join(nodes, ", ")));
  }
}

int CheckEngine(const Config& config, Findings& findings) {
  const Logger logger(LogLevel::kError, LogFormat::kText);
  const Clock clock;
  const SteadyTime start = clock.Now();
  Engine engine({.config = config, .model_folders = ModelFolders(config)}, logger, clock);
  const Status loaded = engine.Load();
  if (!loaded.has_value()) {
    findings.Bad("self-test", loaded.error().message, "see docs/TROUBLESHOOTING.md, 'unhealthy'");
    return kExitNoModel;
  }
  const Health health = engine.health();
  Findings::Good("model", fmt::format("{} {} on {}, {} numbers an embedding", health.model->name,
                                      health.model->fingerprint, health.model->backend, health.model->dimension));
  if (health.model->requested_model.has_value())
    findings.Bad(
        "model",
        fmt::format("'{}' is configured but not installed; the starter stands in", *health.model->requested_model),
        fmt::format("hailo-clip models import DIR --name {}", *health.model->requested_model));
  Findings::Good("self-test", fmt::format("passed, smallest cosine {:.6f}, loaded in {:.0f} ms",
                                          *health.self_test_min_cosine, MillisecondsBetween(start, clock.Now())));
  for (const PooledModel& other : health.others) {
    if (other.state == PooledState::kFailed)
      findings.Bad("models.load", fmt::format("'{}': {}", other.name, other.reason),
                   fmt::format("hailo-clip models verify {}", other.name));
    else
      Findings::Good("models.load", fmt::format("'{}' {}", other.name, other.identity.fingerprint));
  }
  Findings::Good("memory", fmt::format("{:.0f} MiB with the model loaded, {:.0f} MiB at the peak", MemoryMiB("VmRSS"),
                                       MemoryMiB("VmHWM")));
  return kExitDone;
}

void CheckPort(const Config& config) {
  const auto owner = FindPortOwner(config.server.port);
  if (!owner.has_value()) {
    Findings::Good("port", fmt::format("{} is free", config.server.port));
  } else {
    Findings::Note("port", fmt::format("{} is taken by {}{}", config.server.port, *owner,
                                       owner->starts_with("hailo-clip") ? " (the service is running)"
                                                                        : "; choose another with server.port"));
  }
}

void CheckKeys(const Config& config) {
  const auto keys = http::ReadApiKeys(config.server.keys_file);
  if (!keys.has_value())
    Findings::Note("API keys", keys.error().message);  // often just another user than the service's
  else if (keys->empty())
    Findings::Note("API keys",
                   fmt::format("none: whoever reaches {} port {} may use the service; 'hailo-clip keys add'",
                               config.server.host, config.server.port));
  else
    Findings::Good("API keys", fmt::format("{}; requests need one", keys->all().size()));
}

int RunDoctor(const CommonFlags& flags) {
  Findings findings;
  Findings::Good("version", fmt::format("hailo-clip {}, backends: {}", Version(), fmt::join(BackendNames(), ", ")));
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) {
    findings.Bad("configuration", loaded.error().message,
                 "mend the configuration; 'hailo-clip config check' tells when it is right");
    fmt::print("\nNext:\n  - {}\n", findings.advice.front());
    return kExitUsage;
  }
  Findings::Good("configuration", loaded->file.has_value() ? loaded->file->string() : "no file, built-in defaults");
  for (const std::string& warning : loaded->warnings) Findings::Note("configuration", warning);
  CheckAccelerator();
  CheckModels(loaded->config, findings);
  const int status = CheckEngine(loaded->config, findings);
  CheckPort(loaded->config);
  CheckKeys(loaded->config);
  if (findings.problems == 0) {
    fmt::print("\nAll well. Serve: hailo-clip serve. Ask: curl http://127.0.0.1:{}/health\n",
               loaded->config.server.port);
    return kExitDone;
  }
  fmt::print("\nNext:\n");
  for (const std::string& advice : findings.advice) fmt::print("  - {}\n", advice);
  return status == kExitDone ? kExitSomeFailed : status;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, CommonFlags& flags, int& status) {
  CLI::App* command =
      app.add_subcommand("doctor", "Check this installation: configuration, model, self-test, port, memory");
  command->footer("Exit status: 0 all well, 1 something to mend, 2 the configuration is wrong, 3 no working model.");
  AddCommonFlags(*command, flags);
  command->callback([&flags, &status] { status = RunDoctor(flags); });
}

}  // namespace hailo_clip
