// hailo-clip classify: rank prompts for pictures on this machine, without a server.
#include <fmt/format.h>

#include <cstdio>

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

void ShowText(const std::filesystem::path& path, const Classification& answer, const ClassifyRequest& request) {
  fmt::print("{}{}\n", path.string(), answer.none_of_these ? "  (none of these)" : "");
  for (const RankedPrompt& prompt : answer.ranked)
    fmt::print("  {:.3f}  {}  (similarity {:.3f})\n", prompt.score, answer.TextsOf(request)[prompt.index],
               prompt.similarity);
  for (const std::size_t index : answer.truncated)
    fmt::print(stderr, "hailo-clip: the prompt '{}' is longer than the model reads; its end was cut off\n",
               request.prompts[index]);
}

void ShowJson(const std::filesystem::path& path, const Classification& answer, const ClassifyRequest& request) {
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
  fmt::print("{}\n", json.text());
}

void ShowCsv(const std::filesystem::path& path, const Classification& answer, const ClassifyRequest& request) {
  for (std::size_t rank = 0; rank < answer.ranked.size(); ++rank) {
    const RankedPrompt& prompt = answer.ranked[rank];
    fmt::print("{},{},{},{:.6f},{:.6f},{}\n", CsvField(path.string()), rank + 1,
               CsvField(answer.TextsOf(request)[prompt.index]), prompt.score, prompt.similarity,
               answer.none_of_these ? 1 : 0);
  }
}

int RunClassify(const CommonFlags& common, const ClassifyFlags& flags) {
  const auto request = MakeRequest(flags);
  if (!request.has_value()) return Report(request.error());
  const auto paths = ExpandInputs(flags.inputs);
  if (!paths.has_value()) return Report(paths.error());
  const auto local = StartLocalEngine(common);
  if (!local.has_value()) return Report(local.error());
  if (flags.csv) fmt::print("file,rank,text,score,similarity,none_of_these\n");
  return RunOnPictures<Classification>(
      *paths, local->config,
      [&](std::span<const std::byte> bytes) {
        ClassifyRequest one = *request;
        one.image = bytes;
        return local->engine->Classify(one, {});
      },
      [&](const std::filesystem::path& path, const Classification& answer) {
        const auto show = flags.json ? &ShowJson : flags.csv ? &ShowCsv : &ShowText;
        show(path, answer, *request);
      });
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
  command->add_flag("--csv", options->csv, "CSV with a header")->excludes(json);
  AddCommonFlags(*command, flags);
  command->callback([&flags, options, &prompts_after_dashes, &status] {
    options->prompts.insert(options->prompts.end(), prompts_after_dashes.begin(), prompts_after_dashes.end());
    status = RunClassify(flags, *options);
  });
}

}  // namespace hailo_clip
