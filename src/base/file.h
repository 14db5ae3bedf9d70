// Whole files, read and written with errors as values.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// kNotFound if it cannot be opened or is no regular file, kTooLarge if it has more than `max_bytes`.
[[nodiscard]] Result<std::string> ReadFile(const std::filesystem::path& path, std::size_t max_bytes);

// Who may read and write a file that is made.
struct FileAccess {
  ::mode_t mode = 0644;
  std::optional<::gid_t> group;  // nullopt: the process's
};

// Writes beside `path`, syncs, then renames: after a crash the old or the new content is there, never a part. Nobody
// but the owner can open it before it has its group and mode.
[[nodiscard]] Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content,
                                         FileAccess access = {});
// The same of several parts, one behind the other.
[[nodiscard]] Status WriteFileAtomically(const std::filesystem::path& path, std::span<const std::string_view> parts,
                                         FileAccess access = {});

}  // namespace hailo_clip
