// A label set's matrix once more in one byte an element, to read half of the memory for a large set: it tells which
// rows matter for a ranking, and only those are multiplied in half precision.
//
// Each row w is kept as mean + scale * codes + e: the mean of all rows in single precision, one scale for each row,
// codes -127..127. What is left over is e; a code is rounded up or down at random, with the probabilities that make it
// right on average, from a fixed seed. A query q is kept as step * integers + d, with integers of up to 16 bits. Then
//   estimate = q * mean + scale * step * (integers * codes),
//   |q * w - estimate| = |q * e + d * (scale * codes)| <= |q| |e| + |d| |scale * codes|        (Cauchy-Schwarz)
// which, with what the sums in single precision round, is a row's `bound`. It always holds, and it decides the ranks.
//
// The bound is too wide for the sum of a softmax, which needs what the estimates are off by together. As the e are
// independent of one another and 0 on average, whatever the labels are, a logit scale * q * e has the standard
// deviation n = scale |q| |e| / sqrt(dimension), and its exponential is too large by the factor 1 + n^2 / 2 on average,
// which is taken off. Rows with more than the share p = (kDeviation / n)^2 of the softmax are multiplied in half
// precision; the others, sum of shares <= 1, make the sum's relative error have a standard deviation of at most
// sqrt(sum of share^2 n^2) <= sqrt(p n^2) = kDeviation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/huge_pages.h"
#include "engine/half_matrix.h"

namespace hailo_clip {

class CoarseMatrix {
 public:
  static constexpr std::size_t kLeastRows = 4'000;  // smaller matrices lie in a cache anyway
  // Of a softmax' sum, relative: five of them are the 0.001 by which a score may be off.
  static constexpr double kDeviation = 2e-4;

  CoarseMatrix() = default;  // none: RankingCosines is then MatrixCosines
  // None if `matrix` has fewer than kLeastRows, or a row that is not finite. A second for 100,000 rows.
  [[nodiscard]] static CoarseMatrix Of(const HalfMatrix& matrix);

  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::size_t bytes() const;

  // Estimates of all cosines with one query, and their bounds.
  struct Estimates {
    std::vector<float> cosines;  // empty if the query cannot be written in integers: all zero or not finite
    float bound_of_error = 0;    // |q|
    float bound_of_all = 0;
  };
  [[nodiscard]] Estimates Estimate(std::span<const float> query) const;
  [[nodiscard]] float Bound(const Estimates& estimates, std::size_t row) const {
    return estimates.bound_of_error * rows_[row].error + estimates.bound_of_all;
  }

  // |e| of a row, and the largest one but for the worst thousandth of the rows.
  [[nodiscard]] float error(std::size_t row) const { return rows_[row].error; }
  [[nodiscard]] float usual_error() const { return usual_error_; }

 private:
  struct Row {
    float scale = 0;
    float error = 0;  // |e|
  };

  std::size_t stride_ = 0;                                          // as of the HalfMatrix
  std::vector<float> mean_;                                         // [stride]
  std::vector<Row> rows_;                                           // [rows]
  std::vector<std::int8_t, HugePageAllocator<std::int8_t>> codes_;  // [rows, stride]
  float usual_error_ = 0;
  double longest_row_ = 0;    // |w|
  double longest_codes_ = 0;  // |scale * codes|
};

// What RankPrompts needs of the cosines.
struct RankingNeed {
  std::size_t best = 2;      // so many of the largest exactly, those of equal size included
  double softmax_scale = 0;  // the logit scale if a softmax is taken of all, else 0
};

// As MatrixCosines to the bit where a row may be among the best or has a large share of the softmax; the estimate where
// it has neither. So ranks and cosines of the best are exact, and their softmax is within 0.001 of itself (five
// standard deviations). `coarse` was made from `matrix`. Thread-safe.
[[nodiscard]] std::vector<float> RankingCosines(const HalfMatrix& matrix, const CoarseMatrix& coarse,
                                                std::span<const float> query, const RankingNeed& need);

}  // namespace hailo_clip
