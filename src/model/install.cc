#include "model/install.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "model/archive.h"
#include "model/copy.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

// The folder that an archive holds: its only top folder, or the root if it was packed without one.
fs::path TopOf(const fs::path& unpacked) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(unpacked, error), end; !error && it != end; it.increment(error))
    entries.push_back(it->path());
  return entries.size() == 1 && fs::is_directory(entries.front(), error) ? entries.front() : unpacked;
}

// "clip.tar.gz" -> "clip": the name of a model whose archive has no top folder.
std::string StemOf(const fs::path& archive) {
  const std::string name = archive.filename().string();
  return name.substr(0, std::min(name.find(".tar"), name.find(".tgz")));
}

Result<ImportResult> InstallOurs(const ImportOptions& options, const FinishImport& finish) {
  if (!options.precision.empty())
    return Fail(ErrorCode::kInvalidArgument,
                "{} is a model of one precision: --precision chooses between the graphs of a published folder",
                options.source.string());
  if (options.logit_scale.has_value() || options.logit_bias.has_value())
    return Fail(ErrorCode::kInvalidArgument,
                "{} has a {}, which says its logit scale: change it there, then "
                "`hailo-clip models seal`",
                options.source.string(), kManifestFile);
  HC_ASSIGN(const std::string yaml, ReadFile(options.source / kManifestFile, kMaxManifestBytes));
  StagedModel staged;
  HC_ASSIGN(staged.manifest, ParseManifest(yaml));
  Manifest& manifest = staged.manifest;
  if (!options.name.empty() && options.name != manifest.name) {
    staged.notes.push_back(
        fmt::format("its name was '{}'; the name is part of the fingerprint, which differs now", manifest.name));
    manifest.name = options.name;
  }
  HC_TRY(CheckNameIsFree(options.target, manifest.name, options.replace));
  HC_ASSIGN(StagingFolder staging, StagingFolder::Create(options.target));
  staged.folder = staging.path();
  HC_ASSIGN(const auto copied, CopyModelFiles(manifest, options.source, staging.path()));
  for (const auto& [file, recorded] : FilesOf(manifest))
    if (copied.at(file) != recorded)
      return Fail(ErrorCode::kBadModel, "{} is not the file that the manifest records (sha256 {}, recorded {})", file,
                  copied.at(file), recorded);
  if (finish)
    if (Status finished = finish(staged); !finished.has_value())
      return std::unexpected(WithPath(std::move(finished).error(), staging.path(), options.source));
  HC_TRY(WriteFileAtomically(staging.path() / kManifestFile, FormatManifest(manifest)));
  const fs::path folder = options.target / manifest.name;
  HC_TRY(staging.PublishAs(folder, options.replace));
  const std::string fingerprint = Fingerprint(manifest);
  return ImportResult{
      .manifest = std::move(manifest), .folder = folder, .fingerprint = fingerprint, .notes = std::move(staged.notes)};
}

Result<ImportResult> InstallFolder(const ImportOptions& options, const FinishImport& finish) {
  std::error_code error;
  return fs::exists(options.source / kManifestFile, error) ? InstallOurs(options, finish)
                                                           : ImportModel(options, finish);
}

}  // namespace

Result<ImportResult> InstallModel(const ImportOptions& options, const FinishImport& finish) {
  std::error_code error;
  if (!fs::is_regular_file(options.source, error)) return InstallFolder(options, finish);
  HC_ASSIGN(const StagingFolder unpacked, StagingFolder::Create(options.target));
  HC_TRY(UnpackArchive(options.source, unpacked.path()));
  ImportOptions inner = options;
  inner.source = TopOf(unpacked.path());
  const bool named = fs::exists(inner.source / kManifestFile, error) || inner.source != unpacked.path();
  if (inner.name.empty() && !named) inner.name = StemOf(options.source);
  auto result = InstallFolder(inner, finish);
  if (!result.has_value())
    return FailWithin(options.source.filename().string(), WithPath(std::move(result).error(), unpacked.path(), ""));
  return result;
}

Status ExportModel(const InstalledModel& model, const fs::path& archive) {
  HC_TRY(VerifyFiles(model));
  std::vector<std::string> files = {std::string(kManifestFile)};
  for (const auto& [file, sha256] : FilesOf(model.manifest)) files.push_back(file);
  return PackFolder(model.folder, files, model.manifest.name, archive);
}

Status RemoveModel(const InstalledModel& model) {
  if (EqualModelNames(model.manifest.name, kStarterModel))
    return Fail(ErrorCode::kInvalidArgument, "the starter is a part of the program and is not removed");
  HC_ASSIGN(const StagingFolder hidden, StagingFolder::Create(model.folder.parent_path()));
  std::error_code error;
  fs::rename(model.folder, hidden.path() / model.folder.filename(), error);
  if (error) return Fail(ErrorCode::kUnavailable, "cannot remove {}: {}", model.folder.string(), error.message());
  return {};
}

}  // namespace hailo_clip
