// hailo-clip models import | export | seal | verify: whatever copies or runs a model's files.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>

#include "backend/registry.h"
#include "base/file.h"
#include "base/sha256.h"
#include "cli/models.h"
#include "engine/import_check.h"
#include "engine/loaded_model.h"
#include "engine/self_test.h"
#include "model/install.h"

namespace hailo_clip {
namespace {

// A backend and a loader without a service around them.
class Workbench {
 public:
  static Result<std::unique_ptr<Workbench>> Create(const Config& config) {
    // No hurry here: a large model's first run on a small computer may take longer than a request may.
    const BackendOptions options{.threads = config.performance.encoder_threads, .device_timeout_ms = 60'000};
    std::unique_ptr<Workbench> bench(new Workbench);
    HC_ASSIGN(bench->backend_, CreateBackend(config.clip.backend, options, bench->logger_));
    return bench;
  }

  [[nodiscard]] Backend& backend() { return *backend_; }

  // Once: the backend goes with the model.
  [[nodiscard]] Result<std::unique_ptr<LoadedModel>> Load(const InstalledModel& model) {
    return LoadedModel::Load(model, std::move(backend_), cache_, clock_);
  }

 private:
  Workbench() = default;

  const Logger logger_{LogLevel::kWarning, LogFormat::kText};
  const Clock clock_;
  EmbeddingCache cache_{{}};
  std::unique_ptr<Backend> backend_;
};

InstalledModel AsInstalled(const Manifest& manifest, const std::filesystem::path& folder) {
  return {.manifest = manifest, .folder = folder, .fingerprint = Fingerprint(manifest)};
}

// Measures the logits if there is a graph for that, checks that the model works and records its self-test vectors.
// Returns sentences for the person who imports.
Result<std::vector<std::string>> RecordVectors(const Config& config, const std::filesystem::path& folder,
                                               Manifest& manifest,
                                               const std::optional<std::filesystem::path>& logits_graph = {}) {
  HC_ASSIGN(const auto bench, Workbench::Create(config));
  if (logits_graph.has_value()) HC_TRY(MeasureLogits(bench->backend(), *logits_graph, manifest));
  HC_ASSIGN(const auto loaded, bench->Load(AsInstalled(manifest, folder)));
  const float exact = manifest.self_test.min_cosine;
  HC_ASSIGN(manifest.self_test.min_cosine, CheckNewModel(*loaded));
  HC_ASSIGN(SelfTestSpec vectors, RecordSelfTest(*loaded));
  manifest.self_test.images = std::move(vectors.images);
  manifest.self_test.texts = std::move(vectors.texts);
  std::vector<std::string> notes = {fmt::format("the weights are {}", loaded->image_info().precision)};
  if (manifest.self_test.min_cosine < exact)
    notes.push_back(fmt::format(
        "activations are quantised while it runs, so an embedding moves with what shares its batch; the self-test's "
        "limit, set from how far, is {:.4f}. clip.batch_size: 1 makes embeddings repeatable",
        manifest.self_test.min_cosine));
  return notes;
}

// Hashes every file, whatever is remembered of it, then gives the smallest cosine of the self-test.
Result<double> Verify(const Config& config, const InstalledModel& model) {
  HC_TRY(VerifyFiles(model));
  HC_ASSIGN(const auto bench, Workbench::Create(config));
  HC_ASSIGN(const auto loaded, bench->Load(model));
  return RunSelfTest(*loaded);
}

// Records the hashes and self-test vectors of a folder whose files or manifest were changed by hand.
Status Seal(const Config& config, const std::filesystem::path& folder) {
  HC_ASSIGN(const std::string yaml, ReadFile(folder / kManifestFile, kMaxManifestBytes));
  HC_ASSIGN(Manifest manifest, ParseManifest(yaml));
  auto sha256 = FilesOf(manifest);
  for (auto& [file, hash] : sha256) {
    HC_ASSIGN(hash, Sha256HexOfFile(folder / file));
  }
  RecordHashes(sha256, manifest);
  HC_TRY(RecordVectors(config, folder, manifest));
  return WriteFileAtomically(folder / kManifestFile, FormatManifest(manifest));
}

}  // namespace

int RunSeal(const CommonFlags& flags, const std::filesystem::path& folder) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  if (const Status sealed = Seal(loaded->config, folder); !sealed.has_value()) return Report(sealed.error());
  fmt::print("{}: hashes and self-test vectors are recorded\n", (folder / kManifestFile).string());
  return kExitDone;
}

int RunImport(const CommonFlags& flags, ImportOptions options) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const auto target = ModelStore(ModelFolders(loaded->config)).WritableFolder();
  if (!target.has_value()) return Report(target.error());
  options.target = *target;
  fmt::print(stderr, "importing {} ...\n", options.source.string());
  const auto result = InstallModel(options, [&](StagedModel& model) -> Status {
    // A model that brings its vectors must reproduce them here; recording new ones would prove nothing.
    if (model.manifest.self_test.images.empty() && model.manifest.self_test.texts.empty()) {
      HC_ASSIGN(auto notes, RecordVectors(loaded->config, model.folder, model.manifest, model.logits_graph));
      model.notes.insert(model.notes.end(), notes.begin(), notes.end());
      return {};
    }
    HC_TRY(Verify(loaded->config, AsInstalled(model.manifest, model.folder)));
    return {};
  });
  if (!result.has_value()) return Report(result.error());
  for (const std::string& note : result->notes) fmt::print(stderr, "note: {}\n", note);
  fmt::print(
      "{} is installed in {}\nfingerprint {}\nUse it: hailo-clip classify photo.jpg --model {} -p \"a cat\" -p \"a "
      "dog\"\n",
      result->manifest.name, result->folder.string(), result->fingerprint, result->manifest.name);
  return kExitDone;
}

int RunExport(const CommonFlags& flags, const std::string& name, const std::filesystem::path& archive) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const auto model = ModelStore(ModelFolders(loaded->config)).Find(name);
  if (!model.has_value()) return Report(model.error());
  if (const Status written = ExportModel(*model, archive); !written.has_value()) return Report(written.error());
  fmt::print("{}: {}\nOn the other machine: hailo-clip models import {}\n", archive.string(), model->fingerprint,
             archive.filename().string());
  return kExitDone;
}

int RunVerify(const CommonFlags& flags, const std::vector<std::string>& names) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const ModelStore store(ModelFolders(loaded->config));
  std::vector<Result<InstalledModel>> models;
  for (const std::string& name : names) models.push_back(store.Find(name));
  bool failed = false;
  const auto fail = [&failed](std::string_view name, const Error& error) {
    fmt::print("{:<28} FAILED: {}\n", name, error.message);
    failed = true;
  };
  if (names.empty()) {
    StoreListing listing = store.List();
    models.assign(std::move_iterator(listing.models.begin()), std::move_iterator(listing.models.end()));
    for (const BrokenModel& broken : listing.broken) fail(broken.folder.filename().string(), broken.error);
  }
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!models[i].has_value()) {
      fail(names[i], models[i].error());
    } else if (const auto smallest = Verify(loaded->config, *models[i]); !smallest.has_value()) {
      fail(models[i]->manifest.name, smallest.error());
    } else {
      fmt::print("{:<28} intact; self-test passed, smallest cosine {:.7f}\n", models[i]->manifest.name, *smallest);
    }
  }
  return failed ? kExitSomeFailed : kExitDone;
}

}  // namespace hailo_clip
