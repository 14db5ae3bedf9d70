#include "engine/coarse_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "engine/cosine_kernels.h"
#include "engine/scoring.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kRows = CoarseMatrix::kLeastRows + 1'003;
constexpr std::size_t kDimension = 123;

class Embeddings {
 public:
  explicit Embeddings(unsigned seed) : random_(seed) {}

  std::vector<float> Unit(float common = 0) {
    std::vector<float> vector(kDimension);
    for (float& value : vector) value = common + normal_(random_);
    EXPECT_TRUE(NormalizeToUnitLength(vector));
    return vector;
  }
  HalfMatrix Matrix(float common = 0, std::size_t rows = kRows) {
    HalfMatrix matrix(rows, kDimension);
    for (std::size_t r = 0; r < rows; ++r) matrix.SetRow(r, Unit(common));
    return matrix;
  }

 private:
  std::mt19937 random_;
  std::normal_distribution<float> normal_;
};

// With labels as sets have them besides: near-duplicates, repetitions, one element that outweighs all others, zeros.
HalfMatrix Difficult() {
  Embeddings embeddings(11);
  HalfMatrix matrix = embeddings.Matrix(0.7F);
  std::vector<float> row = embeddings.Unit();
  for (std::size_t r = 0; r < 2'000; ++r) {
    row[r % kDimension] += 1e-4F;
    matrix.SetRow(r * 2, row);
  }
  std::vector<float> spike(kDimension);
  for (std::size_t r = 0; r < 20; ++r) {
    std::ranges::fill(spike, r % 2 == 0 ? 0.0F : 0.01F);
    spike[r] = r == 0 ? 0.0F : 0.99F;
    matrix.SetRow(4'100 + r, spike);
  }
  return matrix;
}

TEST(CoarseKernels, AllGiveTheSameIntegers) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> code(-127, 127), integer(-32'767, 32'767);
  for (const std::size_t stride : {16, 32, 64, 512}) {
    for (const std::size_t rows : {1, 3, 4, 5, 11}) {
      std::vector<std::int8_t> matrix(rows * stride);
      std::vector<std::int16_t> query(stride);
      for (auto& one : matrix) one = static_cast<std::int8_t>(code(random));
      for (auto& one : query) one = static_cast<std::int16_t>(integer(random));
      std::fill_n(matrix.begin(), stride, std::int8_t{-127});
      std::vector<std::int32_t> expected(rows), actual(rows, -1);
      ScalarCosineKernel().dots(matrix.data(), rows, stride, query.data(), expected.data());
      BestCosineKernel().dots(matrix.data(), rows, stride, query.data(), actual.data());
      EXPECT_EQ(actual, expected) << rows << " x " << stride;
    }
  }
}

TEST(CoarseMatrix, EveryEstimateIsWithinItsBound) {
  Embeddings embeddings(4);
  for (const HalfMatrix& matrix : {embeddings.Matrix(), embeddings.Matrix(1), Difficult()}) {
    const CoarseMatrix coarse = CoarseMatrix::Of(matrix);
    ASSERT_FALSE(coarse.empty());
    EXPECT_LT(coarse.bytes(), matrix.bytes() * 3 / 4);
    for (int i = 0; i < 20; ++i) {
      const std::vector<float> query = i % 2 == 0 ? embeddings.Unit(1) : embeddings.Unit();
      const CoarseMatrix::Estimates estimates = coarse.Estimate(query);
      const std::vector<float> exact = MatrixCosines(matrix, query);
      for (std::size_t r = 0; r < exact.size(); ++r)
        ASSERT_LE(std::abs(exact[r] - estimates.cosines[r]), coarse.Bound(estimates, r)) << r;
    }
  }
}

TEST(CoarseMatrix, ThereIsNoneOfFewRowsOrOfRowsThatAreNotFinite) {
  Embeddings embeddings(5);
  EXPECT_TRUE(CoarseMatrix::Of(embeddings.Matrix(0, CoarseMatrix::kLeastRows - 1)).empty());
  HalfMatrix matrix = embeddings.Matrix();
  matrix.halves()[77] = HalfFromFloat(std::numeric_limits<float>::infinity());
  EXPECT_TRUE(CoarseMatrix::Of(matrix).empty());
}

TEST(RankingCosines, RankAsTheWholeProductDoes) {
  Embeddings embeddings(6);
  for (const HalfMatrix& matrix : {embeddings.Matrix(), embeddings.Matrix(1), Difficult()}) {
    const CoarseMatrix coarse = CoarseMatrix::Of(matrix);
    for (const double scale : {0.0, 10.0, 100.0}) {
      for (const int top_k : {1, 3, 100}) {
        const std::vector<float> query = top_k == 3 ? embeddings.Unit() : embeddings.Unit(1);
        const ScoringOptions options{.model = {.logit_scale = static_cast<float>(std::max(scale, 1.0))},
                                     .apply_activation = scale > 0,
                                     .top_k = top_k};
        const Ranking exact = RankPrompts(MatrixCosines(matrix, query), options);
        const RankingNeed need{.best = std::max<std::size_t>(2, static_cast<std::size_t>(top_k)),
                               .softmax_scale = scale};
        const Ranking ranking = RankPrompts(RankingCosines(matrix, coarse, query, need), options);
        ASSERT_EQ(ranking.ranked.size(), exact.ranked.size());
        for (std::size_t i = 0; i < exact.ranked.size(); ++i) {
          ASSERT_EQ(ranking.ranked[i].index, exact.ranked[i].index) << i;
          ASSERT_EQ(ranking.ranked[i].similarity, exact.ranked[i].similarity) << i;  // to the bit
          // Reference: the whole product in half precision. 0.001 are five standard deviations.
          ASSERT_NEAR(ranking.ranked[i].score / exact.ranked[i].score, 1, 1e-3) << i << " at " << scale;
        }
      }
    }
  }
}

TEST(RankingCosines, OfAQueryWithoutDirectionAreThoseOfTheProduct) {
  Embeddings embeddings(7);
  const HalfMatrix matrix = embeddings.Matrix();
  const CoarseMatrix coarse = CoarseMatrix::Of(matrix);
  const std::vector<float> zero(kDimension);
  EXPECT_EQ(RankingCosines(matrix, coarse, zero, {}), MatrixCosines(matrix, zero));
  const std::vector<float> query = embeddings.Unit();
  EXPECT_EQ(RankingCosines(matrix, coarse, query, {.best = kRows}), MatrixCosines(matrix, query));
  EXPECT_EQ(RankingCosines(matrix, {}, query, {}), MatrixCosines(matrix, query));
  EXPECT_NE(RankingCosines(matrix, coarse, query, {}), MatrixCosines(matrix, query)) << "estimates where they suffice";
}

}  // namespace
}  // namespace hailo_clip
