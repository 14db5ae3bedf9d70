// hailo-clip config: is the configuration right, and what does it amount to?
#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"

namespace hailo_clip {
namespace {

int CheckConfig(const CommonFlags& flags) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  for (const std::string& warning : loaded->warnings) fmt::print(stderr, "warning: {}\n", warning);
  fmt::print("the configuration is valid ({})\n",
             loaded->file.has_value() ? loaded->file->string() : "no file, defaults");
  return kExitDone;
}

int ShowConfig(const CommonFlags& flags) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  fmt::print("{}", FormatConfig(loaded->config));
  return kExitDone;
}

}  // namespace

void AddConfigCommand(CLI::App& app, CommonFlags& flags, int& status) {
  CLI::App* config = app.add_subcommand("config", "Check or show the configuration");
  config->require_subcommand(1);
  CLI::App* check =
      config->add_subcommand("check", "Exit status 0 if file, environment and flags are valid, else 2 and why");
  AddCommonFlags(*check, flags);
  check->callback([&flags, &status] { status = CheckConfig(flags); });
  CLI::App* show = config->add_subcommand("show", "Every key with the value that counts, as YAML");
  AddCommonFlags(*show, flags);
  show->callback([&flags, &status] { status = ShowConfig(flags); });
}

}  // namespace hailo_clip
