#include "engine/scoring.h"

#include <algorithm>
#include <cmath>
#include <ranges>

namespace hailo_clip {
namespace {

// From a cosine to its score.
class Scorer {
 public:
  Scorer(std::span<const float> cosines, float largest, const ScoringOptions& options)
      : sigmoid_(options.model.activation == Activation::kSigmoid),
        plain_(!options.apply_activation || (!sigmoid_ && cosines.size() == 1)),
        scale_(options.model.logit_scale),
        bias_(options.model.logit_bias),
        largest_(largest) {
    if (plain_ || sigmoid_) return;
    for (const float cosine : cosines) sum_ += Exponential(cosine);
  }

  [[nodiscard]] double operator()(float cosine) const {
    if (plain_) return cosine;
    if (sigmoid_) return 1.0 / (1.0 + std::exp(-(scale_ * cosine + bias_)));
    return Exponential(cosine) / sum_;
  }

 private:
  // At most 1: nothing overflows, and the largest never vanishes. In single precision, which costs half and is exact
  // to 1e-7 of itself, as the cosines are.
  [[nodiscard]] double Exponential(float cosine) const {
    return std::exp(static_cast<float>(scale_ * (double{cosine} - largest_)));
  }

  const bool sigmoid_;
  const bool plain_;
  const double scale_;
  const double bias_;  // of a sigmoid
  const float largest_;
  double sum_ = 0;  // of a softmax
};

}  // namespace

bool NormalizeToUnitLength(std::span<float> vector) {
  double squares = 0;
  for (const float value : vector) squares += double{value} * value;
  if (!std::isfinite(squares) || squares <= 0) return false;
  const double length = std::sqrt(squares);
  for (float& value : vector) value = static_cast<float>(value / length);
  return true;
}

double Cosine(std::span<const float> a, std::span<const float> b) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += double{a[i]} * b[i];
    aa += double{a[i]} * a[i];
    bb += double{b[i]} * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

float DotProduct(std::span<const float> a, std::span<const float> b) {
  // Sixteen running sums: independent of one another, so that the compiler may keep them in vector registers.
  constexpr std::size_t kLanes = 16;
  float sums[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= a.size(); i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  float total = 0;
  for (const float sum : sums) total += sum;
  for (; i < a.size(); ++i) total += a[i] * b[i];
  return total;
}

Ranking RankPrompts(std::span<const float> cosines, const ScoringOptions& options) {
  const float largest = *std::ranges::max_element(cosines);
  const Scorer score(cosines, largest, options);
  // Every score rises with its cosine, so the best are found among the cosines; two at least, for the margin.
  std::vector<std::size_t> best(
      std::min(cosines.size(), std::max<std::size_t>(2, static_cast<std::size_t>(options.top_k))));
  std::ranges::partial_sort_copy(
      std::views::iota(std::size_t{0}, cosines.size()), best,
      [cosines](std::size_t a, std::size_t b) { return cosines[a] != cosines[b] ? cosines[a] > cosines[b] : a < b; });
  Ranking ranking;
  if (best.size() > 1) ranking.margin = score(cosines[best[0]]) - score(cosines[best[1]]);
  ranking.none_of_these =
      (options.reject_below.has_value() && largest < *options.reject_below) ||
      (options.model.none_of_these_below.has_value() && largest < *options.model.none_of_these_below);
  best.resize(std::min(best.size(), static_cast<std::size_t>(options.top_k)));
  for (const std::size_t index : best) {
    const RankedPrompt prompt{.index = index, .score = score(cosines[index]), .similarity = cosines[index]};
    if (!options.threshold.has_value() || prompt.score >= *options.threshold) ranking.ranked.push_back(prompt);
  }
  return ranking;
}

}  // namespace hailo_clip
