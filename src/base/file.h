// Whole files, read and written with errors as values.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// kNotFound if it cannot be opened or is no regular file, kTooLarge if it has more than `max_bytes`.
[[nodiscard]] Result<std::string> ReadFile(const std::filesystem::path& path, std::size_t max_bytes);

// Writes beside `path`, syncs, then renames: after a crash the old or the new content is there, never a part.
[[nodiscard]] Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content);
// The same of several parts, one behind the other.
[[nodiscard]] Status WriteFileAtomically(const std::filesystem::path& path, std::span<const std::string_view> parts);

}  // namespace hailo_clip
