#include "image/pixel_rows.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace hailo_clip {
namespace {

template <typename Sample>
std::vector<int> Convert(const std::vector<Sample>& row, PixelKind kind, int channels,
                         AlphaMode alpha = AlphaMode::kOverWhite, Gray16Mode gray16 = Gray16Mode::kHighByte) {
  const int width = static_cast<int>(row.size()) / channels;
  std::vector<std::uint8_t> rgb(std::size_t{3} * width);
  ConvertRow(row.data(), {.kind = kind, .channels = channels, .sixteen_bit = sizeof(Sample) == 2}, alpha, gray16, width,
             rgb.data());
  return {rgb.begin(), rgb.end()};
}

using Bytes = std::vector<std::uint8_t>;
using Words = std::vector<std::uint16_t>;

TEST(ConvertRow, RepeatsGrayAndKeepsRgb) {
  EXPECT_EQ(Convert(Bytes{7, 250}, PixelKind::kGray, 1), (std::vector{7, 7, 7, 250, 250, 250}));
  EXPECT_EQ(Convert(Bytes{1, 2, 3}, PixelKind::kRgb, 3), (std::vector{1, 2, 3}));
}

TEST(ConvertRow, IgnoresChannelsBehindThoseOfTheKind) {
  EXPECT_EQ(Convert(Bytes{1, 2, 3, 255, 9, 4, 5, 6, 255, 9}, PixelKind::kRgba, 5), (std::vector{1, 2, 3, 4, 5, 6}));
}

TEST(ConvertRow, TakesTheHighByteOrClipsWideGray) {
  EXPECT_EQ(Convert(Words{0x12FF}, PixelKind::kGray, 1), (std::vector{0x12, 0x12, 0x12}));
  EXPECT_EQ(Convert(Words{0x12FF, 200}, PixelKind::kGray, 1, {}, Gray16Mode::kClip),
            (std::vector{255, 255, 255, 200, 200, 200}));
  EXPECT_EQ(Convert(Words{0x12FF, 0x34FF, 0x5600}, PixelKind::kRgb, 3, {}, Gray16Mode::kClip),
            (std::vector{0x12, 0x34, 0x56}));
}

TEST(ConvertRow, LaysTransparencyOverWhiteOrDropsIt) {
  EXPECT_EQ(Convert(Bytes{10, 0, 10, 255}, PixelKind::kGrayAlpha, 2), (std::vector{255, 255, 255, 10, 10, 10}));
  EXPECT_EQ(Convert(Bytes{10, 0}, PixelKind::kGrayAlpha, 2, AlphaMode::kDrop), (std::vector{10, 10, 10}));
  // Reference: value * a + 255 * (1 - a), a = alpha / 255, within half a level and Pillow's rounding.
  for (int value = 0; value < 256; ++value) {
    for (int alpha = 0; alpha < 256; ++alpha) {
      const Bytes pixel{static_cast<std::uint8_t>(value), 0, 0, static_cast<std::uint8_t>(alpha)};
      const double exact = (value * alpha + 255.0 * (255 - alpha)) / 255;
      ASSERT_NEAR(Convert(pixel, PixelKind::kRgba, 4)[0], exact, 0.51) << value << " " << alpha;
    }
  }
}

TEST(ConvertRow, MixesInksAsPillowDoes) {
  EXPECT_EQ(Convert(Bytes{0, 0, 0, 0}, PixelKind::kCmyk, 4), (std::vector{255, 255, 255}));
  EXPECT_EQ(Convert(Bytes{255, 0, 0, 0}, PixelKind::kCmyk, 4), (std::vector{0, 255, 255}));
  EXPECT_EQ(Convert(Bytes{9, 9, 9, 255}, PixelKind::kCmyk, 4), (std::vector{0, 0, 0}));
  // n = 255 - 100; 155 - round(100 * 155 / 255) = 155 - 61
  EXPECT_EQ(Convert(Bytes{100, 0, 0, 100}, PixelKind::kCmyk, 4), (std::vector{94, 155, 155}));
}

TEST(InvertedCmykToRgb, TakesAllFourChannelsInverted) {
  const std::array<std::uint8_t, 8> cmyk{255, 255, 255, 255, 0, 255, 255, 255};
  std::array<std::uint8_t, 6> rgb{};
  InvertedCmykToRgb(cmyk, rgb.data());
  EXPECT_EQ(rgb, (std::array<std::uint8_t, 6>{255, 255, 255, 0, 255, 255}));
}

}  // namespace
}  // namespace hailo_clip
