// hailo-clip classify: rank prompts for pictures on this machine, without a server.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "base/file.h"
#include "base/json_writer.h"
#include "cli/command.h"
#include "cli/csv.h"
#include "cli/inputs.h"
#include "cli/labels_file.h"
#include "cli/picture_run.h"
#include "text/prompt_template.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kMaxPrompts = 1000;
constexpr const char* kCsvHeader = "file,rank,text,score,similarity,none_of_these\n";

struct ClassifyFlags {
  std::vector<std::string> inputs;
  std::vector<std::string> prompts;
  std::optional<std::string> labels_file;
  std::string label_set;
  std::vector<std::string> templates;
  int top_k = 3;
  std::optional<double> threshold;
  std::optional<double> reject_below;
  bool json = false;
  bool csv = false;
  OutputFlags output;
};

Result<ClassifyRequest> MakeRequest(const ClassifyFlags& flags) {
  ClassifyRequest request{
      .prompts = flags.prompts, .top_k = flags.top_k, .threshold = flags.threshold, .reject_below = flags.reject_below};
  if (flags.labels_file.has_value()) {
    HC_ASSIGN(const std::vector<std::string> labels, ReadLabelsFile(*flags.labels_file));
    request.prompts.insert(request.prompts.end(), labels.begin(), labels.end());
  }
  if (!flags.label_set.empty()) {
    if (!request.prompts.empty() || !flags.templates.empty())
      return Fail(ErrorCode::kInvalidArgument, "--label-set has labels and templates of its own; leave the others out");
    HC_TRY(CheckLabelSetName(flags.label_set));
    request.label_set = flags.label_set;
    return request;
  }
  if (request.prompts.empty())
    return Fail(
        ErrorCode::kInvalidArgument,
        "there are no prompts; give some with -p \"a cat\" -p \"a dog\", after --, --labels FILE or --label-set "
        "NAME");
  if (request.prompts.size() > kMaxPrompts)
    return Fail(ErrorCode::kInvalidArgument, "{} prompts are more than the limit of {}", request.prompts.size(),
                kMaxPrompts);
  for (const std::string& prompt : request.prompts)
    if (prompt.find_first_not_of(" \t\r\n") == std::string::npos)
      return Fail(ErrorCode::kInvalidArgument, "a prompt is empty");
  for (const std::string& text : flags.templates) {
    if (text == "photo") {
      request.templates.insert(request.templates.end(), PhotoTemplates().begin(), PhotoTemplates().end());
    } else {
      HC_TRY(CheckTemplate(text));
      request.templates.push_back(text);
    }
  }
  return request;
}

using Record = std::string (*)(const std::filesystem::path&, const Classification&, const ClassifyRequest&);

std::string TextRecord(const std::filesystem::path& path, const Classification& answer,
                       const ClassifyRequest& request) {
  std::string text = fmt::format("{}{}\n", path.string(), answer.none_of_these ? "  (none of these)" : "");
  for (const RankedPrompt& prompt : answer.ranked)
    text += fmt::format("  {:.3f}  {}  (similarity {:.3f})\n", prompt.score, answer.TextsOf(request)[prompt.index],
                        prompt.similarity);
  return text;
}

std::string JsonRecord(const std::filesystem::path& path, const Classification& answer,
                       const ClassifyRequest& request) {
  JsonWriter json;
  json.BeginObject().Key("file").String(path.string()).Key("classifications").BeginArray();
  for (std::size_t rank = 0; rank < answer.ranked.size(); ++rank) {
    const RankedPrompt& prompt = answer.ranked[rank];
    json.BeginObject().Key("text").String(answer.TextsOf(request)[prompt.index]).Key("score").Number(prompt.score);
    json.Key("rank")
        .Integer(static_cast<std::int64_t>(rank) + 1)
        .Key("similarity")
        .Number(static_cast<float>(prompt.similarity))
        .EndObject();
  }
  json.EndArray().Key("model").String(answer.model.name).Key("model_fingerprint").String(answer.model.fingerprint);
  json.Key("backend").String(answer.model.backend);
  if (answer.model.requested_model.has_value()) json.Key("requested_model").String(*answer.model.requested_model);
  json.Key("margin");
  answer.margin.has_value() ? json.Number(*answer.margin) : json.Null();
  json.Key("none_of_these").Bool(answer.none_of_these);
  if (!answer.truncated.empty()) {
    json.Key("truncated").BeginArray();
    for (const std::size_t index : answer.truncated) json.Integer(static_cast<std::int64_t>(index));
    json.EndArray();
  }
  json.EndObject();
  return std::move(json).Take() + "\n";
}

std::string CsvRecord(const std::filesystem::path& path, const Classification& answer, const ClassifyRequest& request) {
  std::string rows;
  for (std::size_t rank = 0; rank < answer.ranked.size(); ++rank) {
    const RankedPrompt& prompt = answer.ranked[rank];
    rows += fmt::format("{},{},{},{:.6f},{:.6f},{}\n", CsvField(path.string()), rank + 1,
                        CsvField(answer.TextsOf(request)[prompt.index]), prompt.score, prompt.similarity,
                        answer.none_of_these ? 1 : 0);
  }
  return rows;
}

// All that decides what the records say.
std::string Settings(const ClassifyRequest& request, const EncodedPrompts& prompts, OutputFormat format,
                     const Config& config) {
  JsonWriter json;
  json.BeginObject();
  WriteSettings(json, "classify", format, prompts.serving.identity, config);
  const auto texts = [&](std::string_view key, const std::vector<std::string>& list) {
    json.Key(key).BeginArray();
    for (const std::string& text : list) json.String(text);
    json.EndArray();
  };
  const auto number = [&](std::string_view key, const std::optional<double>& value) {
    json.Key(key);
    value ? json.Number(*value) : json.Null();
  };
  texts("prompts", request.prompts);
  json.Key("label_set").String(prompts.label_set != nullptr ? TextsDigest(prompts.label_set->set) : "");
  texts("templates", request.templates);
  json.Key("top_k").Integer(request.top_k);
  number("threshold", request.threshold);
  number("reject_below", request.reject_below);
  json.Key("apply_softmax").Bool(config.clip.apply_softmax).EndObject();
  return std::move(json).Take();
}

// nullptr for stdout.
Result<std::unique_ptr<OutputFile>> OpenOutput(const ClassifyFlags& flags, OutputFormat format,
                                               const ClassifyRequest& request, const EncodedPrompts& prompts,
                                               const Config& config) {
  if (flags.output.file.empty()) return nullptr;
  return OutputFile::Open({.file = flags.output.file,
                           .format = format,
                           .settings = Settings(request, prompts, format, config),
                           .header = format == OutputFormat::kCsv ? kCsvHeader : ""});
}

Result<OutputFormat> FormatOf(const ClassifyFlags& flags) {
  if (flags.output.file.empty()) return flags.csv ? OutputFormat::kCsv : OutputFormat::kJsonLines;
  HC_ASSIGN(const OutputFormat format, ChooseFormat(flags.output.file, flags.output.format));
  if (format != OutputFormat::kNpy) return format;
  return Fail(ErrorCode::kInvalidArgument, "--output: a .npy holds embeddings (hailo-clip embed); use .jsonl or .csv");
}

int RunClassify(const CommonFlags& common, const ClassifyFlags& flags) {
  const auto request = MakeRequest(flags);
  if (!request.has_value()) return Report(request.error());
  const auto format = FormatOf(flags);
  if (!format.has_value()) return Report(format.error());
  const auto paths = ExpandInputs(flags.inputs);
  if (!paths.has_value()) return Report(paths.error());
  const auto local = StartLocalEngine(common);
  if (!local.has_value()) return Report(local.error());
  Engine& engine = *local->engine;
  const auto prompts = engine.StartMany(*request, {});
  if (!prompts.has_value()) return Report(prompts.error());
  const auto output = OpenOutput(flags, *format, *request, *prompts, local->config);
  if (!output.has_value()) return Report(output.error());
  for (std::size_t i = 0; i < request->prompts.size(); ++i)
    if (prompts->texts->truncated[i])
      fmt::print(stderr, "hailo-clip: the prompt '{}' is longer than the model reads; its end was cut off\n",
                 request->prompts[i]);
  const bool as_text = flags.output.file.empty() && !flags.json && !flags.csv;
  const Record record = as_text ? TextRecord : *format == OutputFormat::kCsv ? CsvRecord : JsonRecord;
  if (flags.csv) fmt::print("{}", kCsvHeader);
  return RunInto(
      output->get(), *paths,
      {.at_once = engine.PicturesAtOnce(),
       .max_bytes = local->config.server.max_body_bytes,
       .work = [&](const std::filesystem::path& path, std::span<const std::byte> bytes) -> Result<std::string> {
         HC_ASSIGN(const Classification answer, engine.ClassifyOne(*request, *prompts, bytes, {}));
         return record(path, answer, *request);
       },
       .take = {}});
}

}  // namespace

void AddClassifyCommand(CLI::App& app, CommonFlags& flags, std::vector<std::string>& prompts_after_dashes,
                        int& status) {
  auto options = std::make_shared<ClassifyFlags>();
  CLI::App* command = app.add_subcommand("classify", "Rank prompts for pictures");
  command->footer(
      "Examples:\n"
      "  hailo-clip classify photo.jpg -p \"a cat\" -p \"a dog\"\n"
      "  hailo-clip classify holiday/ '*.png' -- \"a beach\" \"a mountain\" \"a city street\"\n"
      "  hailo-clip classify door.jpg --labels people.txt --template photo --json\n"
      "  hailo-clip classify archive/ --labels tags.txt --output tags.csv   # stopped? run it again to go on\n"
      "Exit status: 0 all answered, 1 some pictures failed, 2 wrong usage, 3 no model.");
  command->add_option("inputs", options->inputs, "Picture files, folders (with all below) or quoted patterns")
      ->required();
  command->add_option("-p,--prompt", options->prompts, "A prompt (repeatable); or write prompts after --")
      ->allow_extra_args(false)
      ->take_all();
  command->add_option("--labels", options->labels_file, "A text file with one prompt a line");
  command->add_option("--label-set", options->label_set,
                      "A label set in place of prompts: `hailo-clip label-sets list`");
  command
      ->add_option("--template", options->templates,
                   "'photo' or a sentence with one {} that every prompt is put into (repeatable)")
      ->allow_extra_args(false)
      ->take_all();
  command->add_option("-k,--top-k", options->top_k, "How many prompts to show for each picture")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--threshold", options->threshold, "Leave out prompts that score less, 0 to 1")
      ->check(CLI::Range(0.0, 1.0));
  command
      ->add_option("--reject-below", options->reject_below,
                   "Say 'none of these' if the best similarity (cosine) is below this")
      ->check(CLI::Range(-1.0, 1.0));
  auto* json = command->add_flag("--json", options->json, "One JSON object a picture, one a line");
  auto* csv = command->add_flag("--csv", options->csv, "CSV with a header")->excludes(json);
  AddOutputFlags(*command, options->output, {json, csv}, "jsonl, csv");
  AddCommonFlags(*command, flags);
  command->callback([&flags, options, &prompts_after_dashes, &status] {
    options->prompts.insert(options->prompts.end(), prompts_after_dashes.begin(), prompts_after_dashes.end());
    status = RunClassify(flags, *options);
  });
}

}  // namespace hailo_clip
