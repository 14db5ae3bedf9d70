#include "image/pixel_rows.h"

#include <algorithm>

namespace hailo_clip {
namespace {

// a * b / 255, rounded; exact for 0..255.
std::uint32_t MultiplyAndDivideBy255(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t t = a * b + 128;
  return ((t >> 8U) + t) >> 8U;
}

void CmykToRgb(std::uint32_t c, std::uint32_t m, std::uint32_t y, std::uint32_t k, std::uint8_t* rgb) {
  const std::uint32_t paper = 255 - k;
  rgb[0] = static_cast<std::uint8_t>(paper - MultiplyAndDivideBy255(c, paper));
  rgb[1] = static_cast<std::uint8_t>(paper - MultiplyAndDivideBy255(m, paper));
  rgb[2] = static_cast<std::uint8_t>(paper - MultiplyAndDivideBy255(y, paper));
}

// Pillow's alpha_composite on an opaque white ground: its coefficients have 7 fractional bits.
std::uint8_t OverWhite(std::uint32_t value, std::uint32_t alpha) {
  const std::uint32_t t = (value * alpha + 255 * (255 - alpha) + 128) << 7U;
  return static_cast<std::uint8_t>(((t >> 8U) + t) >> 15U);
}

struct Samples8 {
  static constexpr bool kWide = false;
  using Type = std::uint8_t;
  static std::uint8_t High(Type value) { return value; }
};
struct Samples16 {
  static constexpr bool kWide = true;
  using Type = std::uint16_t;
  static std::uint8_t High(Type value) { return static_cast<std::uint8_t>(value >> 8U); }
};

void Blend(std::uint8_t* rgb, std::uint32_t alpha, AlphaMode mode) {
  if (mode == AlphaMode::kDrop) return;
  for (int c = 0; c < 3; ++c) rgb[c] = OverWhite(rgb[c], alpha);
}

template <typename Samples>
void Convert(const typename Samples::Type* from, const PixelLayout& layout, AlphaMode alpha, Gray16Mode gray16,
             int width, std::uint8_t* rgb) {
  const bool clip = Samples::kWide && gray16 == Gray16Mode::kClip;
  for (int x = 0; x < width; ++x, from += layout.channels, rgb += 3) {
    switch (layout.kind) {
      case PixelKind::kGray:
        std::fill_n(rgb, 3, clip ? static_cast<std::uint8_t>(std::min<int>(from[0], 255)) : Samples::High(from[0]));
        break;
      case PixelKind::kGrayAlpha:
        std::fill_n(rgb, 3, Samples::High(from[0]));
        Blend(rgb, Samples::High(from[1]), alpha);
        break;
      case PixelKind::kRgb:
      case PixelKind::kRgba:
        for (int c = 0; c < 3; ++c) rgb[c] = Samples::High(from[c]);
        if (layout.kind == PixelKind::kRgba) Blend(rgb, Samples::High(from[3]), alpha);
        break;
      case PixelKind::kCmyk:
        CmykToRgb(Samples::High(from[0]), Samples::High(from[1]), Samples::High(from[2]), Samples::High(from[3]), rgb);
        break;
    }
  }
}

}  // namespace

void ConvertRow(const void* row, const PixelLayout& layout, AlphaMode alpha, Gray16Mode gray16, int width,
                std::uint8_t* rgb) {
  if (layout.sixteen_bit) {
    Convert<Samples16>(static_cast<const std::uint16_t*>(row), layout, alpha, gray16, width, rgb);
  } else {
    Convert<Samples8>(static_cast<const std::uint8_t*>(row), layout, alpha, gray16, width, rgb);
  }
}

void InvertedCmykToRgb(std::span<const std::uint8_t> cmyk, std::uint8_t* rgb) {
  for (std::size_t i = 0; i + 4 <= cmyk.size(); i += 4, rgb += 3) {
    CmykToRgb(255U - cmyk[i], 255U - cmyk[i + 1], 255U - cmyk[i + 2], 255U - cmyk[i + 3], rgb);
  }
}

}  // namespace hailo_clip
