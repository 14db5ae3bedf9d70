// JPEG through libjpeg(-turbo), row by row.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "image/row_source.h"

namespace hailo_clip {

// The pixels of libjpeg's defaults: exact integer IDCT, smooth upsampling of colour; CMYK as Pillow reads it.
// Errors: kInvalidArgument for a damaged or cut-off file, also while reading rows (a missing end marker alone is
// forgiven); kUnsupported for lossless, hierarchical and 12-bit files; kTooLarge; kDeadlineExceeded.
// With options.scaled_jpeg the rows come at the smallest of 1, 2, 4 and 8 eighths at which the shorter side is still at
// least twice what `spec` resizes it to.
// Memory: a few rows; for progressive files, libjpeg holds the coefficients: 2 bytes for each sample.
[[nodiscard]] Result<std::unique_ptr<RowSource>> OpenJpeg(std::span<const std::byte> bytes, const PreprocessSpec& spec,
                                                          const DecodeOptions& options, const DecodeDeadline& deadline);

}  // namespace hailo_clip
