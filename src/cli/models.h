// What the commands of `hailo-clip models` do; models.cc gives them their flags.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command.h"
#include "model/importer.h"

namespace hailo_clip {

// Each returns the exit status; errors are on stderr, except those of `verify`, which are its result.
[[nodiscard]] int RunImport(const CommonFlags& flags, ImportOptions options);
[[nodiscard]] int RunExport(const CommonFlags& flags, const std::string& name, const std::filesystem::path& archive);
[[nodiscard]] int RunSeal(const CommonFlags& flags, const std::filesystem::path& folder);
[[nodiscard]] int RunVerify(const CommonFlags& flags, const std::vector<std::string>& names);  // empty: all

// Of the files that its manifest names; those that are missing count nothing.
[[nodiscard]] std::uintmax_t BytesOf(const InstalledModel& model);

}  // namespace hailo_clip
