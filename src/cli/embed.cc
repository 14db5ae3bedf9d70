// hailo-clip embed: embeddings of pictures or texts on this machine, without a server.
#include <fmt/format.h>

#include <cstdio>

#include "base/json_writer.h"
#include "cli/command.h"
#include "cli/csv.h"
#include "cli/inputs.h"
#include "cli/picture_run.h"

namespace hailo_clip {
namespace {

struct EmbedFlags {
  std::vector<std::string> inputs;
  std::vector<std::string> texts;
  bool csv = false;
};

void Show(std::string_view key, std::string_view name, const ModelIdentity& model, std::span<const float> embedding,
          bool csv) {
  if (csv) {
    fmt::print("{}", CsvField(name));
    for (const float value : embedding) fmt::print(",{}", value);
    fmt::print("\n");
    return;
  }
  JsonWriter json;
  json.BeginObject().Key(key).String(name).Key("embedding").Floats(embedding);
  json.Key("dimension").Integer(model.dimension).Key("model").String(model.name);
  json.Key("model_fingerprint").String(model.fingerprint).Key("backend").String(model.backend).EndObject();
  fmt::print("{}\n", json.text());
}

int RunEmbed(const CommonFlags& common, const EmbedFlags& flags) {
  if (flags.inputs.empty() == flags.texts.empty())
    return Report({ErrorCode::kInvalidArgument, "give either pictures or --text, e.g. hailo-clip embed photo.jpg"});
  const auto paths = ExpandInputs(flags.inputs);
  if (!paths.has_value()) return Report(paths.error());
  const auto local = StartLocalEngine(common);
  if (!local.has_value()) return Report(local.error());
  if (!flags.texts.empty()) {
    const auto list = local->engine->EmbedTexts({}, flags.texts, {});
    if (!list.has_value()) return Report(list.error());
    for (std::size_t i = 0; i < flags.texts.size(); ++i)
      Show("text", flags.texts[i], list->model, list->embeddings[i], flags.csv);
    for (const std::size_t index : list->truncated)
      fmt::print(stderr, "hailo-clip: the text '{}' is longer than the model reads; its end was cut off\n",
                 flags.texts[index]);
    return kExitDone;
  }
  return RunOnPictures<EmbeddingList>(
      *paths, local->config,
      [&](std::span<const std::byte> bytes) { return local->engine->EmbedImages({}, std::span(&bytes, 1), {}); },
      [&](const std::filesystem::path& path, const EmbeddingList& list) {
        Show("file", path.string(), list.model, list.embeddings.front(), flags.csv);
      });
}

}  // namespace

void AddEmbedCommand(CLI::App& app, CommonFlags& flags, int& status) {
  auto options = std::make_shared<EmbedFlags>();
  CLI::App* command = app.add_subcommand("embed", "Print embeddings of pictures or texts");
  command->footer(
      "Examples:\n"
      "  hailo-clip embed photos/ > photos.jsonl\n"
      "  hailo-clip embed --text \"a red bicycle\" --csv\n"
      "One JSON object a line, or CSV: the name and then the numbers. Embeddings have unit length.");
  command->add_option("inputs", options->inputs, "Picture files, folders (with all below) or quoted patterns");
  command->add_option("-t,--text", options->texts, "A text (repeatable)")->allow_extra_args(false)->take_all();
  command->add_flag("--csv", options->csv, "CSV without a header instead of JSON");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "JSON lines, the default");
  AddCommonFlags(*command, flags);
  command->callback([&flags, options, json, &status] { status = RunEmbed(flags, *options); });
}

}  // namespace hailo_clip
