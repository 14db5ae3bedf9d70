// hailo-clip models: what is installed, and how more gets in.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/json_writer.h"
#include "cli/models.h"
#include "model/install.h"
#include "model/published_files.h"

namespace hailo_clip {
namespace {

std::string_view FamilyName(const Manifest& manifest) {
  return manifest.family == ModelFamily::kClip ? "clip" : "siglip";
}

void PrintJson(const InstalledModel& model) {
  JsonWriter json;
  json.BeginObject().Key("name").String(model.manifest.name).Key("family").String(FamilyName(model.manifest));
  json.Key("dimension")
      .Integer(model.manifest.embedding_dimension)
      .Key("bytes")
      .Integer(static_cast<std::int64_t>(BytesOf(model)));
  json.Key("fingerprint").String(model.fingerprint).Key("licence").String(model.manifest.licence);
  json.Key("folder").String(model.folder.string()).EndObject();
  fmt::print("{}\n", json.text());
}

int ListModels(const CommonFlags& flags, bool as_json) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const ModelStore store(ModelFolders(loaded->config));
  const StoreListing listing = store.List();
  if (!as_json)
    fmt::print("{:<28} {:<7} {:>5} {:>9}  {:<24} {}\n", "NAME", "FAMILY", "DIM", "MB", "FINGERPRINT", "FOLDER");
  for (const InstalledModel& model : listing.models) {
    if (as_json) {
      PrintJson(model);
    } else {
      fmt::print("{:<28} {:<7} {:>5} {:>9.1f}  {:<24} {}\n", model.manifest.name, FamilyName(model.manifest),
                 model.manifest.embedding_dimension, static_cast<double>(BytesOf(model)) / 1e6,
                 model.fingerprint.substr(0, 23), model.folder.string());
    }
  }
  for (const BrokenModel& broken : listing.broken)
    fmt::print(stderr, "hailo-clip: {} is not usable: {}\n", broken.folder.string(), broken.error.message);
  return listing.broken.empty() ? kExitDone : kExitSomeFailed;
}

int ShowModel(const CommonFlags& flags, const std::string& name, bool as_json) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const auto model = ModelStore(ModelFolders(loaded->config)).Find(name);
  if (!model.has_value()) return Report(model.error());
  if (as_json) {
    PrintJson(*model);
    return kExitDone;
  }
  const Manifest& manifest = model->manifest;
  fmt::print("name         {}\nfamily       {}\ndimension    {}\nfolder       {}\nfingerprint  {}\n", manifest.name,
             FamilyName(manifest), manifest.embedding_dimension, model->folder.string(), model->fingerprint);
  const ScoringSpec& scoring = manifest.scoring;
  if (scoring.activation == Activation::kSoftmax)
    fmt::print("scoring      softmax of {} x cosine\n", scoring.logit_scale);
  else
    fmt::print("scoring      sigmoid of {} x cosine {} {}\n", scoring.logit_scale, scoring.logit_bias < 0 ? "-" : "+",
               std::abs(scoring.logit_bias));
  fmt::print("picture      {} x {}\ncontext      {} tokens\nlicence      {}\nsource       {}\nrevision     {}\n",
             manifest.image.crop_size, manifest.image.crop_size, manifest.text.context_length, manifest.licence,
             manifest.source, manifest.revision);
  for (const auto& [file, sha256] : FilesOf(manifest)) fmt::print("file         {}  sha256 {}\n", file, sha256);
  if (const Status files = VerifyFiles(*model); !files.has_value()) return Report(files.error());
  fmt::print("files        complete, hashes match\n");
  return kExitDone;
}

int RemoveOne(const CommonFlags& flags, const std::string& name) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const ModelStore store(ModelFolders(loaded->config));
  const auto model = store.Find(name);
  if (!model.has_value()) return Report(model.error());
  const auto chosen = store.FindDefault();
  if (const Status removed = RemoveModel(*model); !removed.has_value()) return Report(removed.error());
  fmt::print("{} is removed; a service that has it loaded keeps it until it restarts\n", model->folder.string());
  if (chosen.has_value() && EqualModelNames(chosen->name, name)) {
    if (const Status cleared = store.SetDefault(""); !cleared.has_value()) return Report(cleared.error());
    fmt::print("it was the default; now 'auto' is the model imported last, or the starter\n");
  }
  return kExitDone;
}

int ChooseDefault(const CommonFlags& flags, const std::string& name, bool clear) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const ModelStore store(ModelFolders(loaded->config));
  if (clear || !name.empty()) {
    if (const Status set = store.SetDefault(clear ? "" : name); !set.has_value()) return Report(set.error());
  }
  const auto best = store.FindBest(loaded->config.clip.backend);
  if (!best.has_value()) return Report(best.error());
  const auto chosen = store.FindDefault();
  fmt::print("{} ({})\n", best->manifest.name,
             chosen.has_value() ? fmt::format("chosen in {}", chosen->file.string())
                                : std::string("no choice was made: the model imported last, or the starter"));
  if (loaded->config.clip.model != "auto")
    fmt::print("clip.model is '{}', so this choice does not count; set clip.model: auto\n", loaded->config.clip.model);
  else if (clear || !name.empty())
    fmt::print("A running service takes it at its next start\n");
  return kExitDone;
}

void AddImportCommand(CLI::App& command, CommonFlags& flags, int& status) {
  auto options = std::make_shared<ImportOptions>();
  command.footer(
      "Examples:\n"
      "  hailo-clip models import ~/Downloads/clip-vit-base-patch32 --name clip-vit-b-32\n"
      "  hailo-clip models import clip-vit-b-32.tar          # as `models export` wrote it\n"
      "  hailo-clip models import ~/Downloads/clip-vit-base-patch32 --precision int8 --name clip-vit-b-32-int8\n"
      "Read are Hugging Face's ONNX exports (two graphs or one) and open_clip's as Immich publishes them: CLIP and\n"
      "SigLIP models. docs/MODELS.md tells more.");
  command.add_option("source", options->source, "The published folder, or a tar")->required();
  command.add_option("--name", options->name, "Name to install it under (default: the folder's)");
  command.add_option("--precision", options->precision,
                     "Which of the published graphs: " + PrecisionNames() + " (default: fp32)");
  command.add_option("--logit-scale", options->logit_scale, "The trained logit scale, if the published files lack it");
  command.add_option("--logit-bias", options->logit_bias, "The trained logit bias (sigmoid models)");
  command.add_flag("--replace", options->replace, "Replace a model of that name");
  command.callback([&flags, options, &status] { status = RunImport(flags, *options); });
}

}  // namespace

std::uintmax_t BytesOf(const InstalledModel& model) {
  std::uintmax_t bytes = 0;
  for (const auto& [file, sha256] : FilesOf(model.manifest)) {
    std::error_code error;
    const auto size = std::filesystem::file_size(model.folder / file, error);
    if (!error) bytes += size;
  }
  return bytes;
}

void AddModelsCommand(CLI::App& app, CommonFlags& flags, int& status) {
  CLI::App* models = app.add_subcommand("models", "List, verify, import, export and remove models");
  models->require_subcommand(1);
  const auto add = [&](const std::string& name, const std::string& description) {
    CLI::App* command = models->add_subcommand(name, description);
    AddCommonFlags(*command, flags);
    return command;
  };
  auto as_json = std::make_shared<bool>(false);
  auto name = std::make_shared<std::string>();
  auto path = std::make_shared<std::filesystem::path>();

  CLI::App* list = add("list", "Installed models and the folders they are in");
  list->add_flag("--json", *as_json, "One JSON object a line");
  list->callback([&flags, as_json, &status] { status = ListModels(flags, *as_json); });

  CLI::App* show = add("show", "One model: where it comes from, its files, whether they are intact");
  show->add_option("name", *name, "Model name")->required();
  show->add_flag("--json", *as_json, "As JSON");
  show->callback([&flags, name, as_json, &status] { status = ShowModel(flags, *name, *as_json); });

  auto names = std::make_shared<std::vector<std::string>>();
  CLI::App* verify = add("verify", "Check files against their hashes and run the self-test");
  verify->add_option("names", *names, "Model names (default: all that are installed)");
  verify->callback([&flags, names, &status] { status = RunVerify(flags, *names); });

  AddImportCommand(*add("import", "Install a model from a published folder, or from a tar"), flags, status);

  CLI::App* export_command = add("export", "Write a model as one tar, for another machine");
  export_command->add_option("name", *name, "Model name")->required();
  export_command->add_option("archive", *path, "The tar to write, for example clip-vit-b-32.tar")->required();
  export_command->callback([&flags, name, path, &status] { status = RunExport(flags, *name, *path); });

  CLI::App* remove = add("rm", "Remove a model");
  remove->add_option("name", *name, "Model name")->required();
  remove->callback([&flags, name, &status] { status = RemoveOne(flags, *name); });

  auto clear = std::make_shared<bool>(false);
  CLI::App* choose = add("default", "The model that clip.model: auto takes; with a name, choose it");
  CLI::Option* chosen = choose->add_option("name", *name, "Model name");
  choose->add_flag("--clear", *clear, "Take the choice back: the model imported last, or the starter")
      ->excludes(chosen);
  choose->callback([&flags, name, clear, &status] { status = ChooseDefault(flags, *name, *clear); });

  CLI::App* seal = add("seal", "Record hashes and self-test vectors after a model folder was edited by hand");
  seal->add_option("folder", *path, "A model folder with a manifest.yaml")->required();
  seal->callback([&flags, path, &status] { status = RunSeal(flags, *path); });
}

}  // namespace hailo_clip
