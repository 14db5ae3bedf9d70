// hailo-clip models: what is installed, and how more gets in.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "backend/registry.h"
#include "base/file.h"
#include "base/json_writer.h"
#include "base/sha256.h"
#include "cli/command.h"
#include "engine/import_check.h"
#include "engine/loaded_model.h"
#include "engine/self_test.h"
#include "model/importer.h"

namespace hailo_clip {
namespace {

std::uintmax_t BytesOf(const InstalledModel& model) {
  std::uintmax_t bytes = 0;
  for (const auto& [file, sha256] : FilesOf(model.manifest)) {
    std::error_code error;
    const auto size = std::filesystem::file_size(model.folder / file, error);
    if (!error) bytes += size;
  }
  return bytes;
}

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
  fmt::print("scoring      {} of {} x cosine\n",
             manifest.scoring.activation == Activation::kSoftmax ? "softmax" : "sigmoid", manifest.scoring.logit_scale);
  fmt::print("picture      {} x {}\ncontext      {} tokens\nlicence      {}\nsource       {}\nrevision     {}\n",
             manifest.image.crop_size, manifest.image.crop_size, manifest.text.context_length, manifest.licence,
             manifest.source, manifest.revision);
  for (const auto& [file, sha256] : FilesOf(manifest)) fmt::print("file         {}  sha256 {}\n", file, sha256);
  if (const Status files = VerifyFiles(*model); !files.has_value()) return Report(files.error());
  fmt::print("files        complete, hashes match\n");
  return kExitDone;
}

// Loads the model from `folder`, checks that it works and records its self-test vectors in `manifest`. The logits are
// measured first, if there is a graph for that.
Status RecordVectors(const Config& config, const std::filesystem::path& folder, Manifest& manifest,
                     const std::optional<std::filesystem::path>& logits_graph = {}) {
  const Logger logger(LogLevel::kWarning, LogFormat::kText);
  const Clock clock;
  TextCache cache(0);
  // No hurry here: a large model's first run on a small computer may take longer than a request may.
  const BackendOptions options{.threads = config.performance.encoder_threads, .device_timeout_ms = 60'000};
  HC_ASSIGN(auto backend, CreateBackend(config.clip.backend, options, logger));
  if (logits_graph.has_value()) HC_TRY(MeasureLogits(*backend, *logits_graph, manifest));
  const InstalledModel model{.manifest = manifest, .folder = folder, .fingerprint = Fingerprint(manifest)};
  HC_ASSIGN(const auto loaded, LoadedModel::Load(model, std::move(backend), cache, clock));
  HC_TRY(CheckNewModel(*loaded));
  HC_ASSIGN(SelfTestSpec vectors, RecordSelfTest(*loaded));
  manifest.self_test.images = std::move(vectors.images);
  manifest.self_test.texts = std::move(vectors.texts);
  return {};
}

// Records the hashes and self-test vectors of a folder whose files or manifest were changed by hand.
Status Seal(const Config& config, const std::filesystem::path& folder) {
  HC_ASSIGN(const std::string yaml, ReadFile(folder / kManifestFile, kMaxManifestBytes));
  HC_ASSIGN(Manifest manifest, ParseManifest(yaml));
  for (auto& [file, sha256] : manifest.tokenizer_sha256) {
    HC_ASSIGN(sha256, Sha256HexOfFile(folder / file));
  }
  for (auto& [backend, files] : manifest.encoders) {
    for (std::optional<EncoderFile>* encoder : {&files.image, &files.text}) {
      if (!encoder->has_value()) continue;
      HC_ASSIGN((*encoder)->sha256, Sha256HexOfFile(folder / (*encoder)->file));
      for (auto& [file, sha256] : (*encoder)->data_files) {
        HC_ASSIGN(sha256, Sha256HexOfFile(folder / file));
      }
    }
  }
  HC_TRY(RecordVectors(config, folder, manifest));
  return WriteFileAtomically(folder / kManifestFile, FormatManifest(manifest));
}

int RunSeal(const CommonFlags& flags, const std::filesystem::path& folder) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  if (const Status sealed = Seal(loaded->config, folder); !sealed.has_value()) return Report(sealed.error());
  fmt::print("{}: hashes and self-test vectors are recorded\n", (folder / kManifestFile).string());
  return kExitDone;
}

int Import(const CommonFlags& flags, ImportOptions options) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const auto target = ModelStore(ModelFolders(loaded->config)).WritableFolder();
  if (!target.has_value()) return Report(target.error());
  options.target = *target;
  fmt::print(stderr, "importing {} ...\n", options.source.string());
  const auto result = ImportModel(options, [&](StagedModel& model) {
    return RecordVectors(loaded->config, model.folder, model.manifest, model.logits_graph);
  });
  if (!result.has_value()) return Report(result.error());
  for (const std::string& note : result->notes) fmt::print(stderr, "note: {}\n", note);
  fmt::print(
      "{} is installed in {}\nfingerprint {}\nUse it: hailo-clip classify photo.jpg --model {} -p \"a cat\" -p \"a "
      "dog\"\n",
      result->manifest.name, result->folder.string(), result->fingerprint, result->manifest.name);
  return kExitDone;
}

}  // namespace

void AddModelsCommand(CLI::App& app, CommonFlags& flags, int& status) {
  CLI::App* models = app.add_subcommand("models", "List, show and import models");
  models->require_subcommand(1);

  auto as_json = std::make_shared<bool>(false);
  CLI::App* list = models->add_subcommand("list", "Installed models and the folders they are in");
  list->add_flag("--json", *as_json, "One JSON object a line");
  AddCommonFlags(*list, flags);
  list->callback([&flags, as_json, &status] { status = ListModels(flags, *as_json); });

  auto name = std::make_shared<std::string>();
  CLI::App* show = models->add_subcommand("show", "One model: where it comes from, its files, whether they are intact");
  show->add_option("name", *name, "Model name")->required();
  show->add_flag("--json", *as_json, "As JSON");
  AddCommonFlags(*show, flags);
  show->callback([&flags, name, as_json, &status] { status = ShowModel(flags, *name, *as_json); });

  auto folder = std::make_shared<std::filesystem::path>();
  CLI::App* seal =
      models->add_subcommand("seal", "Record hashes and self-test vectors after a model folder was edited by hand");
  seal->add_option("folder", *folder, "A model folder with a manifest.yaml")->required();
  AddCommonFlags(*seal, flags);
  seal->callback([&flags, folder, &status] { status = RunSeal(flags, *folder); });

  auto options = std::make_shared<ImportOptions>();
  CLI::App* import = models->add_subcommand("import", "Install a model from a folder as others publish it");
  import->footer(
      "Example:\n"
      "  hailo-clip models import ~/Downloads/clip-vit-base-patch32 --name clip-vit-b-32\n"
      "Read are Hugging Face's ONNX exports (two graphs or one) and open_clip's as Immich publishes them: CLIP and\n"
      "SigLIP models in full precision. docs/MODELS.md tells more.");
  import->add_option("folder", options->source, "The published folder")->required();
  import->add_option("--name", options->name, "Name to install it under (default: the folder's)");
  import->add_option("--logit-scale", options->logit_scale, "The trained logit scale, if the published files lack it");
  import->add_option("--logit-bias", options->logit_bias, "The trained logit bias (sigmoid models)");
  import->add_flag("--replace", options->replace, "Replace a model of that name");
  AddCommonFlags(*import, flags);
  import->callback([&flags, options, &status] { status = Import(flags, *options); });
}

}  // namespace hailo_clip
