// Everything that `models import` takes: a published folder, a model folder of ours, or either as a tar.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "model/importer.h"
#include "model/store.h"

namespace hailo_clip {

// A tar is unpacked beside the target first. A folder with a manifest.yaml is a model of ours (see ExportModel): its
// files must have the hashes that the manifest records, they are copied, and `finish` checks the vectors that it
// brings. Any other folder goes to ImportModel. The same promise: the model appears whole, by one rename, or not at
// all. `options.source` is the folder or the tar. Errors as ImportModel and UnpackArchive.
[[nodiscard]] Result<ImportResult> InstallModel(const ImportOptions& options, const FinishImport& finish);

// Writes the model as the tar `archive`: its manifest.yaml and every file that the manifest names, which must have
// their recorded hashes. The same model gives the same bytes. Other files of the folder stay behind.
[[nodiscard]] Status ExportModel(const InstalledModel& model, const std::filesystem::path& archive);

// Deletes the model's folder: gone from one moment to the next, by one rename. kInvalidArgument for the starter,
// which is a part of the program; kUnavailable without the right to.
[[nodiscard]] Status RemoveModel(const InstalledModel& model);

}  // namespace hailo_clip
