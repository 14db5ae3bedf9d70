// PNG, WebP, GIF, TIFF, AVIF and HEIF through libvips.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "image/picture_format.h"
#include "image/row_source.h"

namespace hailo_clip {

// Calls the one loader of `format`; libvips never guesses, and every other loader is blocked for the whole
// process. The first call initialises libvips. Errors: kInvalidArgument for a damaged or cut-off file, also
// while reading rows; kUnsupported for pixels that are no picture (floating point, many bands); kTooLarge.
// Memory: some rows of a PNG or striped TIFF; for the other formats and interlaced PNG the whole frame.
[[nodiscard]] Result<std::unique_ptr<RowSource>> OpenWithVips(std::span<const std::byte> bytes, PictureFormat format,
                                                              const DecodeOptions& options);

}  // namespace hailo_clip
