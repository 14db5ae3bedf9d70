// Models as one file: a tar archive, read as something hostile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace hailo_clip {

// Writes `files` (relative to `folder`) into the tar `archive` as `top/...`, in the order given. Equal content gives
// equal bytes: no times, owners or modes. The archive appears whole or not at all. kInvalidArgument if it is there
// already, kUnavailable if it cannot be written, kNotFound if a file cannot be read.
[[nodiscard]] Status PackFolder(const std::filesystem::path& folder, const std::vector<std::string>& files,
                                const std::string& top, const std::filesystem::path& archive);

struct UnpackLimits {
  std::size_t max_entries = 4096;
  // Weights hardly compress: what unpacks to more than this is no model.
  std::uintmax_t max_bytes_per_archive_byte = 8;
  std::uintmax_t spare_bytes = std::uintmax_t{64} << 20U;  // on top, for small archives
};

// Unpacks a tar, plain or compressed by gzip, into an empty folder of the caller's. Regular files and folders only;
// kBadModel for names that leave the folder, links, devices, a name that is there twice, and more than the limits;
// kNotFound if there is no such file, kUnsupported if it is no tar, kUnavailable if the disk is full.
[[nodiscard]] Status UnpackArchive(const std::filesystem::path& archive, const std::filesystem::path& folder,
                                   const UnpackLimits& limits = {});

}  // namespace hailo_clip
