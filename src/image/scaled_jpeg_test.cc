// Decoding at a reduced scale against exact decoding of the same file, which the golden crops prove right.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>

#include "base/file.h"
#include "image/preprocess.h"
#include "image/test_jpeg.h"

namespace hailo_clip {
namespace {

const std::filesystem::path kImages = std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/images";

// Waves of different length in each channel and a dark corner: no orientation and no shift gives the same crop.
RgbImage Waves(int width, int height) {
  RgbImage image{.width = width, .height = height, .pixels = {}};
  image.pixels.reserve(std::size_t{3} * width * height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double across = static_cast<double>(x) / width, down = static_cast<double>(y) / height;
      const double light = across + down < 0.5 ? 0.4 : 1.0;
      for (const double wave : {9 * across, 7 * down, 5 * (across + 2 * down)})
        image.pixels.push_back(static_cast<std::uint8_t>(light * (128 + 100 * std::sin(6.28 * wave))));
    }
  }
  return image;
}

std::string Encode(const RgbImage& image, int orientation, bool progressive = false) {
  return EncodeJpeg(image, {.quality = 95, .orientation = orientation, .progressive = progressive});
}

Result<PreparedPicture> Prepare(const std::string& bytes, bool scaled, PreprocessSpec spec = {}) {
  DecodeOptions options;
  options.max_time = std::chrono::minutes(5);  // sanitizer builds are slow
  options.scaled_jpeg = scaled;
  return PreparePicture(std::as_bytes(std::span(bytes)), spec, options);
}

struct Difference {
  int largest = 0;
  double mean = 0;
};

Difference Compare(const std::string& bytes, const PreprocessSpec& spec = {}) {
  const auto exact = Prepare(bytes, false, spec), scaled = Prepare(bytes, true, spec);
  EXPECT_TRUE(exact.has_value() && scaled.has_value());
  EXPECT_EQ(scaled->source_width, exact->source_width);
  EXPECT_EQ(scaled->source_height, exact->source_height);
  Difference difference;
  for (std::size_t i = 0; i < exact->crop.pixels.size(); ++i) {
    const int off = std::abs(exact->crop.pixels[i] - scaled->crop.pixels[i]);
    difference.largest = std::max(difference.largest, off);
    difference.mean += static_cast<double>(off) / static_cast<double>(exact->crop.pixels.size());
  }
  return difference;
}

// Tolerance: the waves change by at most 13 levels a pixel of the crop and by 80 at the corner's edge, so that a shift
// by half a pixel shows in the mean.
constexpr double kMeanTolerance = 1.0;

TEST(ScaledJpeg, KeepsEveryOrientationAtItsPlace) {
  const RgbImage image = Waves(1800, 1201);  // a half and a quarter; the last row is a part of one
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Difference difference = Compare(Encode(image, orientation));
    EXPECT_LT(difference.mean, kMeanTolerance) << orientation;
    EXPECT_GT(difference.largest, 0) << "was it decoded at a reduced scale?";
  }
}

TEST(ScaledJpeg, KeepsTheCropOfLongPicturesAndOfEveryScale) {
  PreprocessSpec small;
  small.resize_size = small.crop_size = 64;  // an eighth
  PreprocessSpec squash = small;
  squash.resize_mode = ResizeMode::kSquash;
  PreprocessSpec quarter = small;
  quarter.resize_size = 130;
  quarter.crop_size = 100;
  for (const auto& [width, height] : {std::pair(1030, 2999), std::pair(2999, 1030), std::pair(1031, 1025)}) {
    const std::string bytes = Encode(Waves(width, height), 1);
    for (const PreprocessSpec& spec : {small, squash, quarter})
      EXPECT_LT(Compare(bytes, spec).mean, kMeanTolerance) << width << " x " << height;
  }
}

TEST(ScaledJpeg, ReadsProgressiveFilesToo) {
  EXPECT_LT(Compare(Encode(Waves(1801, 1200), 6, true)).mean, kMeanTolerance);
}

TEST(ScaledJpeg, LeavesPicturesAloneThatAreNotMuchLargerThanTheCrop) {
  for (const char* name : {"photo_coffee.jpg", "jpeg_cmyk.jpg", "jpeg_gray.jpg"}) {
    const std::string bytes = ReadFile(kImages / name, 1U << 20U).value();
    EXPECT_EQ(Compare(bytes).largest, 0) << name;
  }
  EXPECT_EQ(Compare(Encode(Waves(895, 890), 1)).largest, 0);  // a half would be 445, and 448 are wanted
  EXPECT_GT(Compare(Encode(Waves(899, 896), 1)).largest, 0);
}

TEST(ScaledJpeg, ReadsGrayAndCmykAtAReducedScale) {
  PreprocessSpec tiny;
  tiny.resize_size = tiny.crop_size = 16;
  for (const char* name :
       {"jpeg_gray.jpg", "jpeg_cmyk.jpg", "jpeg_ycck_420.jpg", "jpeg_411.jpg", "jpeg_arithmetic.jpg"}) {
    const Difference difference = Compare(ReadFile(kImages / name, 1U << 20U).value(), tiny);
    EXPECT_LT(difference.mean, 4) << name;  // of real photos, 8 of whose pixels make one
    EXPECT_GT(difference.largest, 0) << name;
  }
}

TEST(ScaledJpeg, SurvivesRandomlyDamagedBytes) {
  PreprocessSpec tiny;
  tiny.resize_size = tiny.crop_size = 16;
  const std::string whole = Encode(Waves(300, 260), 6);
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    std::string bytes = whole;
    for (int k = 0; k < 4; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto picture = Prepare(bytes, true, tiny);
    if (picture.has_value())
      EXPECT_EQ(picture->crop.pixels.size(), std::size_t{3} * 16 * 16);
    else
      refused += picture.error().message.empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 0);
}

TEST(ScaledJpeg, StillChecksTheFullSizeAndNoticesDamage) {
  const std::string bytes = Encode(Waves(1800, 1201), 1);
  DecodeOptions options;
  options.scaled_jpeg = true;
  options.max_pixels = 1800 * 1201 - 1;
  EXPECT_EQ(PreparePicture(std::as_bytes(std::span(bytes)), {}, options).error().code, ErrorCode::kTooLarge);
  const auto cut = Prepare(bytes.substr(0, bytes.size() * 9 / 10), true);
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace hailo_clip
