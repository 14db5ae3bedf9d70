// Makes a model folder appear whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "base/result.h"
#include "model/manifest.h"

namespace hailo_clip {

// A hidden folder `.import-XXXXXX` in a folder of models, removed with all it holds unless it was published.
class StagingFolder {
 public:
  // Makes `target` if it is missing and removes staging folders in it that are older than a day.
  [[nodiscard]] static Result<StagingFolder> Create(const std::filesystem::path& target);
  StagingFolder(StagingFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  StagingFolder& operator=(StagingFolder&&) = delete;
  ~StagingFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Writes everything to the disk, then gives the folder its name by one rename. With `replace`, what has that name
  // trades places with it in the same step and is then removed.
  [[nodiscard]] Status PublishAs(const std::filesystem::path& folder, bool replace);

 private:
  explicit StagingFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;  // empty: nothing to remove
};

// The error with the folder `staged` in its message named as `known`, the folder that the person knows; with an empty
// `known`, paths in it become relative.
[[nodiscard]] Error WithPath(Error error, const std::filesystem::path& staged, const std::filesystem::path& known);

// kInvalidArgument if `name` is none, is reserved (starter, auto), or a model in `target` has it, unless `replace`.
[[nodiscard]] Status CheckNameIsFree(const std::filesystem::path& target, const std::string& name, bool replace);

// Copies a regular file (links are followed) and syncs it; returns its sha256. Makes the folder of `to`. kNotFound,
// kBadModel for a Git LFS pointer, kUnavailable when writing fails.
[[nodiscard]] Result<std::string> CopyFile(const std::filesystem::path& from, const std::filesystem::path& to);

// Copies every file that the manifest names, if the disk has room for all; returns their sha256.
[[nodiscard]] Result<std::map<std::string, std::string>> CopyModelFiles(const Manifest& manifest,
                                                                        const std::filesystem::path& from,
                                                                        const std::filesystem::path& to);

// kUnavailable, with both figures, unless `folder`'s disk has room for `bytes` and a little more.
[[nodiscard]] Status CheckFreeSpace(const std::filesystem::path& folder, std::uintmax_t bytes);

}  // namespace hailo_clip
