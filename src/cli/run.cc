#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>

#include "base/edit_distance.h"
#include "cli/command.h"

namespace hailo_clip {
namespace {

// `classify a.jpg b.jpg -- "a cat" "a dog"`: what follows -- are prompts, whatever it looks like.
std::vector<std::string> TakePromptsAfterDashes(std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front() != "classify") return {};
  const auto dashes = std::ranges::find(arguments, "--");
  if (dashes == arguments.end()) return {};
  std::vector<std::string> prompts(dashes + 1, arguments.end());
  arguments.erase(dashes, arguments.end());
  return prompts;
}

// The first word must be a command; CLI11 would only say that one is required.
std::optional<std::string> UnknownCommand(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front().starts_with('-')) return std::nullopt;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::ranges::find(names, arguments.front()) != names.end()) return std::nullopt;
  const std::vector<std::string_view> words(names.begin(), names.end());
  const auto nearest = NearestWord(arguments.front(), words);
  return fmt::format("there is no command '{}'; {}", arguments.front(),
                     nearest.has_value() ? fmt::format("did you mean '{}'?", *nearest)
                                         : fmt::format("commands: {}", fmt::join(names, ", ")));
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv) {
  CLI::App app("Zero-shot image classification and CLIP embeddings, as a service and on the command line",
               "hailo-clip");
  app.footer(
      "Examples:\n"
      "  hailo-clip serve                                          # then: curl http://127.0.0.1:5000/health\n"
      "  hailo-clip classify photo.jpg -p \"a cat\" -p \"a dog\"\n"
      "  hailo-clip doctor                                         # what is wrong, and what to do\n"
      "hailo-clip COMMAND --help tells more.");
  app.set_version_flag("--version", std::string(Version()));
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);

  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::vector<std::string> prompts = TakePromptsAfterDashes(arguments);
  CommonFlags flags;
  int status = kExitDone;
  AddServeCommand(app, flags, status);
  AddClassifyCommand(app, flags, prompts, status);
  AddEmbedCommand(app, flags, status);
  AddModelsCommand(app, flags, status);
  AddBenchCommand(app, flags, status);
  AddLabelSetsCommand(app, flags, status);
  AddKeysCommand(app, flags, status);
  AddConfigCommand(app, flags, status);
  AddDoctorCommand(app, flags, status);
  if (const auto unknown = UnknownCommand(app, arguments)) {
    fmt::print(stderr, "hailo-clip: {}\n", *unknown);
    return kExitUsage;
  }
  try {
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  return status;
}

}  // namespace hailo_clip
