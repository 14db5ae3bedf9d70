#include "image/stream_resizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace hailo_clip {
namespace {

RgbImage RandomImage(int width, int height, unsigned seed) {
  std::minstd_rand random(seed);
  RgbImage image{
      .width = width, .height = height, .pixels = std::vector<std::uint8_t>(std::size_t{3} * width * height)};
  for (auto& value : image.pixels) value = static_cast<std::uint8_t>((random() >> 8U) % 3 * 127);  // hard edges
  return image;
}

const std::uint8_t* Pixel(const RgbImage& image, int x, int y) {
  return image.pixels.data() + 3 * (std::size_t{1} * y * image.width + x);
}

// The upright picture, pixel by pixel, from the meaning of the eight values in EXIF 2.3 (where row 0 and column 0
// of the stored picture lie).
RgbImage Upright(const RgbImage& stored, int exif) {
  const bool swap = exif >= 5;
  RgbImage upright{
      .width = swap ? stored.height : stored.width, .height = swap ? stored.width : stored.height, .pixels = {}};
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x) {
      int sx = swap ? y : x;
      int sy = swap ? x : y;
      if (exif == 2 || exif == 3 || exif == 7 || exif == 8) sx = stored.width - 1 - sx;
      if (exif == 3 || exif == 4 || exif == 6 || exif == 7) sy = stored.height - 1 - sy;
      upright.pixels.insert(upright.pixels.end(), Pixel(stored, sx, sy), Pixel(stored, sx, sy) + 3);
    }
  }
  return upright;
}

// Pillow's two passes over a whole picture, written the plain way: the reference of this file.
RgbImage PlainPass(const RgbImage& image, const AxisPlan& plan, bool horizontal) {
  RgbImage result{
      .width = horizontal ? plan.crop : image.width, .height = horizontal ? image.height : plan.crop, .pixels = {}};
  const ResampleAxis axis(plan, false);
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      const int output = horizontal ? x : y;
      for (int c = 0; c < 3; ++c) {
        std::int64_t sum = std::int64_t{1} << (kWeightBits - 1);
        for (int k = 0; k < axis.count(output); ++k) {
          const int at = axis.first(output) + k;
          sum += std::int64_t{axis.weights(output)[k]} * Pixel(image, horizontal ? at : x, horizontal ? y : at)[c];
        }
        result.pixels.push_back(static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> kWeightBits, 0, 255)));
      }
    }
  }
  return result;
}

RgbImage PlainCrop(const RgbImage& upright, const PreprocessSpec& spec) {
  const CropPlan plan = PlanCrop(spec, upright.width, upright.height);
  return PlainPass(PlainPass(upright, plan.horizontal, true), plan.vertical, false);
}

RgbImage StreamedCrop(const RgbImage& stored, int exif, const PreprocessSpec& spec, const ResampleKernels& kernels) {
  StreamResizer resizer(spec, stored.width, stored.height, OrientationFromExif(exif), kernels);
  for (int row = resizer.begin_row(); row < resizer.end_row(); ++row) {
    std::copy_n(Pixel(stored, 0, row), std::size_t{3} * stored.width, resizer.RowBuffer());
    resizer.RowDone();
  }
  return std::move(resizer).Take();
}

TEST(StreamResizer, EqualsThePlainTwoPassesInEveryOrientationSizeAndKernel) {
  constexpr std::pair<int, int> kSizes[] = {{1, 1},   {3, 2},     {1, 90},    {90, 1},  {64, 64},
                                            {37, 64}, {201, 143}, {143, 201}, {700, 40}};
  for (const auto& [width, height] : kSizes) {
    const RgbImage stored = RandomImage(width, height, static_cast<unsigned>(width * 1000 + height));
    for (const ResizeMode mode : {ResizeMode::kShortestSide, ResizeMode::kSquash}) {
      for (const int crop : {31, 64}) {
        const PreprocessSpec spec{
            .resize_mode = mode, .resize_size = mode == ResizeMode::kSquash ? crop : crop + 9, .crop_size = crop};
        for (int exif = 1; exif <= 8; ++exif) {
          const RgbImage expected = PlainCrop(Upright(stored, exif), spec);
          for (const ResampleKernels* kernels : {&ScalarKernels(), &BestKernels()}) {
            EXPECT_EQ(StreamedCrop(stored, exif, spec, *kernels).pixels, expected.pixels)
                << width << " x " << height << " to " << crop << " exif " << exif << " " << kernels->name;
          }
        }
      }
    }
  }
}

// 0 and 255 only, so that the sums reach their bounds, and every count of rows and bytes modulo the vectors.
TEST(ResampleKernels, VectorEqualsScalarOnExtremeRows) {
  std::minstd_rand random(3);
  for (int count = 1; count <= 40; ++count) {
    const std::size_t bytes = 1 + random() % 100;
    std::vector<std::vector<std::uint8_t>> rows(static_cast<std::size_t>(count));
    std::vector<const std::uint8_t*> pointers;
    std::vector<std::int32_t> weights;
    for (auto& row : rows) {
      for (std::size_t i = 0; i < bytes + kRowSlack; ++i) row.push_back((random() >> 9U) % 2 == 0 ? 0 : 255);
      pointers.push_back(row.data());
      const std::int32_t weight = static_cast<std::int32_t>(random() % (std::uint32_t{8} << kWeightBits)) / count;
      weights.push_back((random() >> 9U) % 2 == 0 ? weight / 4 : -weight / 4);
    }
    std::vector<std::uint8_t> scalar(bytes);
    std::vector<std::uint8_t> vector(bytes);
    ScalarKernels().across_rows(pointers, weights, bytes, scalar.data());
    BestKernels().across_rows(pointers, weights, bytes, vector.data());
    EXPECT_EQ(scalar, vector) << count << " rows of " << bytes;
  }
}

TEST(ResampleKernels, TheTestMachineRunsAVectorVersion) {
  fmt::print("kernels: {}\n", BestKernels().name);
#if defined(__aarch64__)
  EXPECT_STREQ(BestKernels().name, "neon");
#elif defined(__x86_64__)
  EXPECT_EQ(&BestKernels() != &ScalarKernels(), __builtin_cpu_supports("avx2") != 0);
#endif
}

TEST(ResampleAxis, WeightsOfAnOutputSumToOneWithinTheirRounding) {
  for (const auto& [input, output] : {std::pair{4000, 298}, {3000, 224}, {1, 224}, {224, 225}, {65535, 224}}) {
    const ResampleAxis axis(
        {.input = input, .extent = static_cast<double>(input), .output = output, .start = 0, .crop = 224}, false);
    for (int i = 0; i < axis.outputs(); ++i) {
      std::int64_t sum = 0;
      for (const std::int32_t weight : axis.weights(i)) sum += weight;
      EXPECT_NEAR(static_cast<double>(sum), 1 << kWeightBits, axis.count(i) / 2.0 + 1);
      EXPECT_GE(axis.first(i), 0);
      EXPECT_LE(axis.first(i) + axis.count(i), input);
      EXPECT_EQ(axis.padded_weights(i).size() % kWeightPadding, 0U);
    }
  }
}

TEST(CropPlan, RoundsTheCropAsEachLibraryDoes) {
  // 299 - 224 = 75: torchvision starts at 38 (37.5 to even), transformers at 37. 225 - 224 = 1: both at 0.
  PreprocessSpec spec;
  EXPECT_EQ(PlanCrop(spec, 400, 534).vertical.start, 38);
  EXPECT_EQ(PlanCrop(spec, 224, 225).vertical.start, 0);
  spec.crop_rounding = CropRounding::kDown;
  EXPECT_EQ(PlanCrop(spec, 400, 534).vertical.start, 37);
}

TEST(CropPlan, CutsTheLongerSide) {
  const CropPlan plan = PlanCrop(PreprocessSpec{}, 1, 2000);
  EXPECT_EQ(plan.horizontal.output, 224);
  EXPECT_EQ(plan.vertical.output, 448000);
  EXPECT_EQ(PlanCrop(PreprocessSpec{}, 227, 149).horizontal.output, 341);  // 341.26
}

}  // namespace
}  // namespace hailo_clip
