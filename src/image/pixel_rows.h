// Rows of other kinds of pixels to rows of RGB, as Pillow converts them unless said otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "image/preprocess.h"

namespace hailo_clip {

enum class PixelKind { kGray, kGrayAlpha, kRgb, kRgba, kCmyk };

struct PixelLayout {
  PixelKind kind = PixelKind::kRgb;
  int channels = 3;          // in the row, at least those of the kind; further ones are ignored
  bool sixteen_bit = false;  // native byte order
};

// `width` pixels of `layout` at `row` to [width, 3] u8. Wide samples give their high byte, but gray without
// alpha follows `gray16`. Transparency follows `alpha`.
void ConvertRow(const void* row, const PixelLayout& layout, AlphaMode alpha, Gray16Mode gray16, int width,
                std::uint8_t* rgb);

// [n, 4] as JPEG files store CMYK, all channels inverted, to [n, 3] RGB.
void InvertedCmykToRgb(std::span<const std::uint8_t> cmyk, std::uint8_t* rgb);

}  // namespace hailo_clip
