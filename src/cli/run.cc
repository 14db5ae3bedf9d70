#include <algorithm>
#include <cstring>

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
  AddConfigCommand(app, flags, status);
  AddDoctorCommand(app, flags, status);
  try {
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  return status;
}

}  // namespace hailo_clip
