#include "model/importer.h"

#include <algorithm>
#include <system_error>

#include "base/file.h"
#include "model/copy.h"
#include "model/published.h"
#include "model/store.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

struct Origin {
  std::string name;
  std::string source;
  std::string revision;
};

// <...>/models--OWNER--NAME/snapshots/REVISION is how Hugging Face's tools keep what they downloaded.
Origin OriginOf(const fs::path& source) {
  Origin origin{.name = source.filename().string(), .source = {}, .revision = {}};
  constexpr std::string_view prefix = "models--";
  const std::string repository = source.parent_path().parent_path().filename().string();
  if (source.parent_path().filename() != "snapshots" || !repository.starts_with(prefix)) return origin;
  const std::string_view owner_and_name = std::string_view(repository).substr(prefix.size());
  const std::size_t dashes = owner_and_name.find("--");
  if (dashes == std::string_view::npos || !ValidateModelName(owner_and_name.substr(dashes + 2))) return origin;
  return {
      .name = std::string(owner_and_name.substr(dashes + 2)),
      .source = fmt::format("Hugging Face {}/{}", owner_and_name.substr(0, dashes), owner_and_name.substr(dashes + 2)),
      .revision = origin.name};
}

// The layout that reads the folder.
Result<const Layout*> FindLayout(const fs::path& source) {
  std::string known;
  for (const Layout& layout : Layouts()) {
    if (layout.matches(source)) return &layout;
    known += fmt::format("\n  {}: {}", layout.name, layout.files);
  }
  return Fail(ErrorCode::kUnsupported, "{} is laid out in no way that is known. Known are:{}", source.string(), known);
}

// The flags of the import, over what was published.
Status ApplyLogits(const ImportOptions& options, PublishedModel& model) {
  ScoringSpec& scoring = model.manifest.scoring;
  const bool sigmoid = scoring.activation == Activation::kSigmoid;
  if (options.logit_bias.has_value() && !sigmoid)
    return Fail(ErrorCode::kInvalidArgument, "--logit-bias is for models with a sigmoid; this one has a softmax");
  if (options.logit_scale.has_value() && (!sigmoid || options.logit_bias.has_value())) {
    scoring.logit_scale = *options.logit_scale;
    model.logits_known = true;
    model.logits_graph.reset();
  }
  if (options.logit_bias.has_value()) scoring.logit_bias = *options.logit_bias;
  if (options.logit_bias.has_value() != options.logit_scale.has_value() && sigmoid)
    return Fail(ErrorCode::kInvalidArgument, "--logit-scale and --logit-bias must be given together for this model");
  if (model.logits_known || model.logits_graph.has_value()) return {};
  return Fail(ErrorCode::kUnsupported,
              "the configuration of a SigLIP model does not say its logit scale and bias: put the graph of both sides, "
              "onnx/model.onnx, beside the others (they are measured with it), or give --logit-scale and --logit-bias");
}

// The folder with links and dots resolved, so that its name is its own.
Result<fs::path> ResolveSource(const fs::path& source) {
  std::error_code error;
  fs::path resolved = fs::canonical(source, error);
  if (error || !fs::is_directory(resolved, error))
    return Fail(ErrorCode::kNotFound, "'{}' is not a folder", source.string());
  return resolved;
}

}  // namespace

Result<ImportResult> ImportModel(const ImportOptions& options, const FinishImport& finish) {
  HC_ASSIGN(const fs::path source, ResolveSource(options.source));
  Origin origin = OriginOf(source);
  if (!options.name.empty()) origin.name = options.name;
  HC_TRY(CheckNameIsFree(options.target, origin.name, options.replace));
  HC_ASSIGN(const Layout* layout, FindLayout(source));
  HC_ASSIGN(PublishedModel published, layout->read(source, options.precision));
  HC_TRY(ApplyLogits(options, published));

  HC_ASSIGN(StagingFolder staging, StagingFolder::Create(options.target));
  StagedModel staged{.folder = staging.path(),
                     .manifest = std::move(published.manifest),
                     .logits_graph = {},
                     .notes = std::move(published.notes)};
  Manifest& manifest = staged.manifest;
  manifest.name = origin.name;
  if (!origin.source.empty()) manifest.source = origin.source;
  manifest.revision = origin.revision;
  if (published.logits_graph.has_value()) staged.logits_graph = source / *published.logits_graph;
  HC_ASSIGN(const auto sha256, CopyModelFiles(manifest, source, staging.path()));
  RecordHashes(sha256, manifest);
  if (finish)
    if (Status finished = finish(staged); !finished.has_value())
      return std::unexpected(WithPath(std::move(finished).error(), staging.path(), source));
  if (finish && staged.logits_graph.has_value())
    staged.notes.push_back(fmt::format("scoring.logit_scale is {:.6g}{}: measured with {}",
                                       manifest.scoring.logit_scale,
                                       manifest.scoring.activation == Activation::kSigmoid
                                           ? fmt::format(" and logit_bias {:.6g}", manifest.scoring.logit_bias)
                                           : "",
                                       *published.logits_graph));
  const std::string text = FormatManifest(manifest);
  HC_TRY(ParseManifest(text));  // never leave behind what cannot be read again
  HC_TRY(WriteFileAtomically(staging.path() / kManifestFile, text));
  const fs::path folder = options.target / origin.name;
  HC_TRY(staging.PublishAs(folder, options.replace));
  const std::string fingerprint = Fingerprint(manifest);
  return ImportResult{
      .manifest = std::move(manifest), .folder = folder, .fingerprint = fingerprint, .notes = std::move(staged.notes)};
}

}  // namespace hailo_clip
