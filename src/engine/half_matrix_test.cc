#include "engine/half_matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "engine/cosine_kernels.h"
#include "engine/scoring.h"

namespace hailo_clip {
namespace {

std::vector<float> RandomUnit(std::size_t dimension, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(dimension);
  for (float& value : vector) value = normal(random);
  EXPECT_TRUE(NormalizeToUnitLength(vector));
  return vector;
}

TEST(Half, EveryHalfSurvivesTheWayToFloatAndBack) {
  for (std::uint32_t bits = 0; bits < 0x1'0000U; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = FloatFromHalf(half);
    if (std::isnan(value)) continue;
    ASSERT_EQ(HalfFromFloat(value), half) << value;
  }
}

TEST(Half, HasTheValuesOfIeee754) {
  EXPECT_EQ(FloatFromHalf(0x3C00), 1.0F);
  EXPECT_EQ(FloatFromHalf(0xC000), -2.0F);
  EXPECT_EQ(FloatFromHalf(0x0001), 0x1p-24F);
  EXPECT_EQ(FloatFromHalf(0x7BFF), 65504.0F);
  EXPECT_TRUE(std::isinf(FloatFromHalf(0x7C00)));
  EXPECT_TRUE(std::isnan(FloatFromHalf(0x7E00)));
  EXPECT_TRUE(std::isnan(FloatFromHalf(HalfFromFloat(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  // Every pair of neighbours up to infinity: at the middle the even one, just beside it the nearer one.
  for (std::uint16_t half = 0; half < 0x7BFF; ++half) {
    const float below = FloatFromHalf(half);
    const float above = FloatFromHalf(half + 1);
    const float middle = below + (above - below) / 2;
    ASSERT_EQ(HalfFromFloat(middle), half % 2 == 0 ? half : half + 1) << middle;
    ASSERT_EQ(HalfFromFloat(std::nextafter(middle, 0.0F)), half) << middle;
    ASSERT_EQ(HalfFromFloat(std::nextafter(middle, 1e9F)), half + 1) << middle;
  }
  EXPECT_EQ(HalfFromFloat(65519.996F), 0x7BFF);
  EXPECT_EQ(HalfFromFloat(65520.0F), 0x7C00);
  EXPECT_EQ(HalfFromFloat(1e30F), 0x7C00);
  EXPECT_EQ(HalfFromFloat(-0.0F), 0x8000);
}

TEST(CosineKernels, TheVectorVersionGivesTheBitsOfTheScalarOne) {
  const CosineKernel* vector = VectorCosineKernel();
  if (vector == nullptr) GTEST_SKIP() << "this processor has no vector kernel";
  std::mt19937 random(7);
  for (const std::size_t dimension : {1, 16, 31, 512, 523}) {
    for (const std::size_t rows : {1, 2, 3, 4, 5, 11}) {
      HalfMatrix matrix(rows, dimension);
      for (std::size_t r = 0; r < rows; ++r) matrix.SetRow(r, RandomUnit(dimension, random));
      std::vector<float> query = RandomUnit(dimension, random);
      query.resize(matrix.stride());
      std::vector<float> expected(rows), actual(rows, 9.0F);
      ScalarCosineKernel().rows(matrix.halves().data(), rows, matrix.stride(), query.data(), expected.data());
      vector->rows(matrix.halves().data(), rows, matrix.stride(), query.data(), actual.data());
      EXPECT_EQ(actual, expected) << dimension << " x " << rows;
    }
  }
}

TEST(MatrixCosines, AreThoseOfSinglePrecision) {
  std::mt19937 random(8);
  HalfMatrix matrix(200, 512);
  std::vector<std::vector<float>> rows;
  for (std::size_t r = 0; r < matrix.rows(); ++r) {
    rows.push_back(RandomUnit(512, random));
    matrix.SetRow(r, rows.back());
  }
  const std::vector<float> query = RandomUnit(512, random);
  const std::vector<float> cosines = MatrixCosines(matrix, query);
  ASSERT_EQ(cosines.size(), rows.size());
  // Reference: the double-precision cosine. A half is off by at most 2^-12 of itself; over 512 elements that mostly
  // cancels out.
  for (std::size_t r = 0; r < rows.size(); ++r) EXPECT_NEAR(cosines[r], Cosine(rows[r], query), 1e-4);
}

}  // namespace
}  // namespace hailo_clip
