// Which of the formats that we read a file is, told by its first bytes alone.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace hailo_clip {

enum class PictureFormat { kJpeg, kPng, kWebp, kGif, kTiff, kAvif, kHeif };

inline constexpr std::string_view kReadableFormats = "JPEG, PNG, WebP, GIF, TIFF, AVIF and HEIF";

// nullopt: none of them. Says nothing about whether the rest of the file is sound.
[[nodiscard]] std::optional<PictureFormat> SniffFormat(std::span<const std::byte> bytes);

// "jpeg", ...: as answers and metrics name it.
[[nodiscard]] std::string_view ToString(PictureFormat format);
// "JPEG", ...: as a person writes it.
[[nodiscard]] std::string_view DisplayName(PictureFormat format);

}  // namespace hailo_clip
