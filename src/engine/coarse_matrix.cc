#include "engine/coarse_matrix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/cosine_kernels.h"
#include "engine/scoring.h"

namespace hailo_clip {
namespace {

constexpr float kLargestCode = 127;
constexpr std::size_t kMostExactShare = 4;  // beyond rows / this, reading all of them in order is faster

// Random numbers 0 <= x < 1: splitmix64 (Steele, Lea and Flood 2014).
class Dice {
 public:
  float operator()() {
    state_ += 0x9E37'79B9'7F4A'7C15U;
    std::uint64_t mixed = (state_ ^ state_ >> 30U) * 0xBF58'476D'1CE4'E5B9U;
    mixed = (mixed ^ mixed >> 27U) * 0x94D0'49BB'1331'11EBU;
    return static_cast<float>((mixed ^ mixed >> 31U) >> 40U) * 0x1p-24F;
  }

 private:
  std::uint64_t state_ = 0;
};

double Length(std::span<const float> vector) {
  double squares = 0;
  for (const float value : vector) squares += double{value} * value;
  return std::sqrt(squares);
}

float LargestSize(std::span<const float> vector) {
  float largest = 0;
  for (const float value : vector) largest = std::max(largest, std::abs(value));
  return largest;
}

std::vector<float> MeanRow(const HalfMatrix& matrix) {
  std::vector<double> sums(matrix.stride());
  for (std::size_t r = 0; r < matrix.rows(); ++r)
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += FloatFromHalf(matrix.halves()[r * sums.size() + i]);
  std::vector<float> mean;
  for (const double sum : sums) mean.push_back(static_cast<float>(sum / static_cast<double>(matrix.rows())));
  return mean;
}

// The query as step * integers, such that no sum of products with codes leaves 32 bits.
struct IntegerQuery {
  std::vector<std::int16_t> integers;
  float step = 0;
  double error = 0;  // |d|
};

IntegerQuery ToIntegers(std::span<const float> query, std::size_t stride) {
  const float largest = LargestSize(query);
  constexpr auto kMostSum = std::numeric_limits<std::int32_t>::max();
  const float most = std::min(32'767.0F, std::floor(static_cast<float>(kMostSum / 128) / static_cast<float>(stride)));
  IntegerQuery result{.integers = std::vector<std::int16_t>(stride), .step = largest / most};
  double squares = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const float whole = std::clamp(std::nearbyint(query[i] / result.step), -most, most);
    result.integers[i] = static_cast<std::int16_t>(whole);
    const double left = query[i] - double{result.step} * whole;
    squares += left * left;
  }
  result.error = std::sqrt(squares);
  return result;
}

// From here on a cosine has more than the share that an estimate may have.
float LargeShare(std::span<const float> cosines, float largest, double softmax_scale, double noise) {
  if (softmax_scale <= 0) return std::numeric_limits<float>::infinity();
  const double share = CoarseMatrix::kDeviation * CoarseMatrix::kDeviation / (noise * noise);
  const double sum = SumOfExponentials(cosines, largest, softmax_scale);
  return static_cast<float>(largest + std::log(share * sum) / softmax_scale);
}

}  // namespace

CoarseMatrix CoarseMatrix::Of(const HalfMatrix& matrix) {
  CoarseMatrix coarse;
  if (matrix.rows() < kLeastRows) return coarse;
  coarse.stride_ = matrix.stride();
  coarse.mean_ = MeanRow(matrix);
  if (!std::isfinite(Length(coarse.mean_))) return {};
  coarse.rows_.resize(matrix.rows());
  coarse.codes_.resize(matrix.rows() * matrix.stride());
  Dice dice;
  std::vector<float> row(matrix.stride()), rest(matrix.stride()), errors;
  for (std::size_t r = 0; r < matrix.rows(); ++r) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = FloatFromHalf(matrix.halves()[r * row.size() + i]);
      rest[i] = row[i] - coarse.mean_[i];
    }
    const float scale = LargestSize(rest) / kLargestCode;
    std::int8_t* const codes = coarse.codes_.data() + r * row.size();
    double errors_squared = 0, codes_squared = 0;
    for (std::size_t i = 0; scale > 0 && i < row.size(); ++i) {
      const float code = std::clamp(std::floor(rest[i] / scale + dice()), -kLargestCode, kLargestCode);
      codes[i] = static_cast<std::int8_t>(code);
      const double error = double{row[i]} - coarse.mean_[i] - double{scale} * code;
      errors_squared += error * error;
      codes_squared += double{code} * code;
    }
    coarse.rows_[r] = {.scale = scale, .error = static_cast<float>(std::sqrt(errors_squared) * (1 + 1e-6))};
    errors.push_back(coarse.rows_[r].error);
    coarse.longest_row_ = std::max(coarse.longest_row_, Length(row));
    coarse.longest_codes_ = std::max(coarse.longest_codes_, scale * std::sqrt(codes_squared));
  }
  const auto usual = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() - 1 - errors.size() / 1'000);
  std::ranges::nth_element(errors, usual);
  coarse.usual_error_ = *usual;
  return coarse;
}

std::size_t CoarseMatrix::bytes() const {
  return codes_.size() + rows_.size() * sizeof(Row) + mean_.size() * sizeof(float);
}

CoarseMatrix::Estimates CoarseMatrix::Estimate(std::span<const float> query) const {
  const double length = Length(query);
  if (!(length > 0) || !std::isfinite(length)) return {};
  const IntegerQuery integers = ToIntegers(query, stride_);
  double of_mean = 0;
  for (std::size_t i = 0; i < query.size(); ++i) of_mean += double{query[i]} * mean_[i];
  const auto base = static_cast<float>(of_mean);
  // The exact product has stride / 16 + 5 roundings one after another, the estimate a few, of 2^-24 each.
  const double rounding = length * longest_row_ * (static_cast<double>(stride_) / 16 + 16) * 0x1p-23;
  Estimates estimates{.cosines = std::vector<float>(rows_.size()),
                      .bound_of_error = static_cast<float>(length),
                      .bound_of_all = static_cast<float>(integers.error * longest_codes_ + rounding)};
  std::array<std::int32_t, 1'024> dots;
  for (std::size_t first = 0; first < rows_.size(); first += dots.size()) {
    const std::size_t count = std::min(dots.size(), rows_.size() - first);
    BestCosineKernel().dots(codes_.data() + first * stride_, count, stride_, integers.integers.data(), dots.data());
    for (std::size_t i = 0; i < count; ++i)
      estimates.cosines[first + i] = base + rows_[first + i].scale * (integers.step * static_cast<float>(dots[i]));
  }
  return estimates;
}

std::vector<float> RankingCosines(const HalfMatrix& matrix, const CoarseMatrix& coarse, std::span<const float> query,
                                  const RankingNeed& need) {
  if (coarse.empty() || need.best >= matrix.rows()) return MatrixCosines(matrix, query);
  CoarseMatrix::Estimates estimates = coarse.Estimate(query);
  std::vector<float>& cosines = estimates.cosines;
  if (cosines.empty()) return MatrixCosines(matrix, query);

  // `best` rows at least have cosines of `least` or more: what cannot reach that is not among the best.
  const std::vector<std::size_t> best = LargestIndexes(cosines, need.best);
  float least = 1;
  for (const std::size_t row : best) least = std::min(least, cosines[row] - coarse.Bound(estimates, row));
  const double noise_of_error = need.softmax_scale * Length(query) / std::sqrt(static_cast<double>(matrix.dimension()));
  const float large =
      LargeShare(cosines, cosines[best.front()], need.softmax_scale, noise_of_error * coarse.usual_error());
  // By how much the exponentials are too large on average, as a cosine, for each square of an error.
  const auto excess =
      static_cast<float>(need.softmax_scale > 0 ? noise_of_error * noise_of_error / 2 / need.softmax_scale : 0);
  std::vector<std::size_t> exact;
  for (std::size_t r = 0; r < cosines.size(); ++r) {
    const float error = coarse.error(r);
    if (cosines[r] + coarse.Bound(estimates, r) >= least || cosines[r] >= large || error > coarse.usual_error())
      exact.push_back(r);
    else
      cosines[r] -= excess * error * error;
  }
  if (exact.size() > matrix.rows() / kMostExactShare) return MatrixCosines(matrix, query);
  ReplaceCosines(matrix, query, exact, cosines);
  return std::move(estimates.cosines);
}

}  // namespace hailo_clip
