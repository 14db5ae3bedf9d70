// hailo-clip embed: embeddings of pictures or texts on this machine, without a server.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

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
  OutputFlags output;
};

std::string JsonRecord(std::string_view key, std::string_view name, const ModelIdentity& model,
                       std::span<const float> embedding) {
  JsonWriter json;
  json.BeginObject().Key(key).String(name).Key("embedding").Floats(embedding);
  json.Key("dimension").Integer(model.dimension).Key("model").String(model.name);
  json.Key("model_fingerprint").String(model.fingerprint).Key("backend").String(model.backend).EndObject();
  return std::move(json).Take() + "\n";
}

std::string CsvRecord(std::string_view name, std::span<const float> embedding) {
  std::string row = CsvField(name);
  for (const float value : embedding) row += fmt::format(",{}", value);
  return row + "\n";
}

std::string MakeRecord(OutputFormat format, std::string_view key, std::string_view name, const ModelIdentity& model,
                       std::span<const float> embedding) {
  switch (format) {
    case OutputFormat::kJsonLines: return JsonRecord(key, name, model, embedding);
    case OutputFormat::kCsv: return CsvRecord(name, embedding);
    case OutputFormat::kNpy: break;
  }
  const auto bytes = std::as_bytes(embedding);
  std::string row(bytes.size(), '\0');
  std::memcpy(row.data(), bytes.data(), bytes.size());
  return row;
}

int EmbedTexts(const EmbedFlags& flags, OutputFormat format, Engine& engine) {
  const auto list = engine.EmbedTexts({}, flags.texts, {});
  if (!list.has_value()) return Report(list.error());
  for (std::size_t i = 0; i < flags.texts.size(); ++i)
    fmt::print("{}", MakeRecord(format, "text", flags.texts[i], list->model, list->embeddings[i]));
  for (const std::size_t index : list->truncated)
    fmt::print(stderr, "hailo-clip: the text '{}' is longer than the model reads; its end was cut off\n",
               flags.texts[index]);
  return kExitDone;
}

// nullptr for stdout.
Result<std::unique_ptr<OutputFile>> OpenOutput(const EmbedFlags& flags, OutputFormat format, const ModelIdentity& model,
                                               const Config& config) {
  if (flags.output.file.empty()) return nullptr;
  JsonWriter json;
  json.BeginObject();
  WriteSettings(json, "embed", format, model, config);
  json.EndObject();
  return OutputFile::Open({.file = flags.output.file,
                           .format = format,
                           .settings = std::move(json).Take(),
                           .header = "",
                           .dimension = model.dimension});
}

Result<OutputFormat> FormatOf(const EmbedFlags& flags) {
  if (flags.inputs.empty() == flags.texts.empty())
    return Fail(ErrorCode::kInvalidArgument, "give either pictures or --text, e.g. hailo-clip embed photo.jpg");
  if (flags.output.file.empty()) return flags.csv ? OutputFormat::kCsv : OutputFormat::kJsonLines;
  if (!flags.texts.empty())
    return Fail(ErrorCode::kInvalidArgument, "--output is for pictures; redirect the standard output for texts");
  return ChooseFormat(flags.output.file, flags.output.format);
}

int RunEmbed(const CommonFlags& common, const EmbedFlags& flags) {
  const auto format = FormatOf(flags);
  if (!format.has_value()) return Report(format.error());
  const auto paths = ExpandInputs(flags.inputs);
  if (!paths.has_value()) return Report(paths.error());
  const auto local = StartLocalEngine(common);
  if (!local.has_value()) return Report(local.error());
  Engine& engine = *local->engine;
  if (!flags.texts.empty()) return EmbedTexts(flags, *format, engine);
  const auto output = OpenOutput(flags, *format, *engine.health().model, local->config);
  if (!output.has_value()) return Report(output.error());
  return RunInto(
      output->get(), *paths,
      {.at_once = engine.PicturesAtOnce(),
       .max_bytes = local->config.server.max_body_bytes,
       .work = [&](const std::filesystem::path& path, std::span<const std::byte> bytes) -> Result<std::string> {
         HC_ASSIGN(const EmbeddingList list, engine.EmbedImages({}, std::span(&bytes, 1), {}));
         return MakeRecord(*format, "file", path.string(), list.model, list.embeddings.front());
       },
       .take = {}});
}

}  // namespace

void AddEmbedCommand(CLI::App& app, CommonFlags& flags, int& status) {
  auto options = std::make_shared<EmbedFlags>();
  CLI::App* command = app.add_subcommand("embed", "Print embeddings of pictures or texts");
  command->footer(
      "Examples:\n"
      "  hailo-clip embed photos/ > photos.jsonl\n"
      "  hailo-clip embed --text \"a red bicycle\" --csv\n"
      "  hailo-clip embed archive/ --output archive.npy   # stopped? run it again to go on\n"
      "One JSON object a line, or CSV: the name and then the numbers. Embeddings have unit length.");
  command->add_option("inputs", options->inputs, "Picture files, folders (with all below) or quoted patterns");
  command->add_option("-t,--text", options->texts, "A text (repeatable)")->allow_extra_args(false)->take_all();
  auto* csv = command->add_flag("--csv", options->csv, "CSV without a header instead of JSON");
  auto json = std::make_shared<bool>(false);
  auto* json_flag = command->add_flag("--json", *json, "JSON lines, the default");
  AddOutputFlags(*command, options->output, {json_flag, csv}, "jsonl, csv, npy");
  AddCommonFlags(*command, flags);
  command->callback([&flags, options, json, &status] { status = RunEmbed(flags, *options); });
}

}  // namespace hailo_clip
