#include "engine/scoring.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace hailo_clip {
namespace {

// e^x for x <= 0, exact to 2e-7 of itself; 0 below -87.7, where floats lose their precision. A loop of these becomes
// vector instructions, which calls of std::exp do not.
[[gnu::always_inline]] inline float ExponentialOfNegative(float x) {
  constexpr float kRoundsToWhole = 0x1.8p23F;  // floats of this size are whole
  constexpr float kLn2High = 0x1.62e4p-1F;     // so few bits that its product with a small whole number is exact
  constexpr float kLn2Low = 0x1.7f7d1cp-20F;   // and what is left of ln 2
  const float inside = x < -88.0F ? -88.0F : x;
  const float whole = (inside * 1.44269504F + kRoundsToWhole) - kRoundsToWhole;
  const float rest = (inside - whole * kLn2High) - whole * kLn2Low;  // |rest| <= ln 2 / 2: Taylor's series
  float power = 1.0F / 5'040 * rest + 1.0F / 720;
  power = power * rest + 1.0F / 120;
  power = power * rest + 1.0F / 24;
  power = power * rest + 1.0F / 6;
  power = power * rest + 0.5F;
  power = power * rest + 1.0F;
  power = power * rest + 1.0F;
  // 2^whole; -127, the least there is here, makes it 0.
  return power * std::bit_cast<float>((static_cast<std::int32_t>(whole) + 127) * (1 << 23));
}

// At most 1: nothing overflows, and the largest never vanishes.
[[gnu::always_inline]] inline float Exponential(float cosine, float largest, float logit_scale) {
  return ExponentialOfNegative(logit_scale * (cosine - largest));
}

[[gnu::always_inline]] inline double Sum(std::span<const float> cosines, float largest, float scale) {
  constexpr std::size_t kAtOnce = 64;
  constexpr std::size_t kSums = 8;
  double sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kAtOnce <= cosines.size(); i += kAtOnce) {
    float some[kAtOnce];
    for (std::size_t k = 0; k < kAtOnce; ++k) some[k] = Exponential(cosines[i + k], largest, scale);
    for (std::size_t k = 0; k < kAtOnce; ++k) sums[k % kSums] += some[k];
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  for (; i < cosines.size(); ++i) total += Exponential(cosines[i], largest, scale);
  return total;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) double SumOnAvx2(std::span<const float> cosines, float largest, float scale) {
  return Sum(cosines, largest, scale);
}
#endif

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
    sum_ = SumOfExponentials(cosines, largest, scale_);
  }

  [[nodiscard]] double operator()(float cosine) const {
    if (plain_) return cosine;
    if (sigmoid_) return 1.0 / (1.0 + std::exp(-(scale_ * cosine + bias_)));
    return Exponential(cosine, largest_, static_cast<float>(scale_)) / sum_;
  }

 private:
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

std::vector<std::size_t> LargestIndexes(std::span<const float> cosines, std::size_t count) {
  const auto better = [cosines](std::size_t a, std::size_t b) {
    return cosines[a] != cosines[b] ? cosines[a] > cosines[b] : a < b;
  };
  std::vector<std::size_t> best(count);  // a heap, the worst in front
  std::iota(best.begin(), best.end(), std::size_t{0});
  std::ranges::make_heap(best, better);
  constexpr std::size_t kAtOnce = 16;  // of which mostly none is better
  for (std::size_t i = count; i < cosines.size();) {
    const std::size_t end = std::min(i + kAtOnce, cosines.size());
    const float least = cosines[best.front()];
    int above = 0;
    if (end - i == kAtOnce)
      for (std::size_t k = 0; k < kAtOnce; ++k) above += cosines[i + k] > least ? 1 : 0;
    for (; i < end && (above > 0 || end - i < kAtOnce); ++i) {
      if (!(cosines[i] > cosines[best.front()])) continue;
      std::ranges::pop_heap(best, better);
      best.back() = i;
      std::ranges::push_heap(best, better);
    }
    i = end;
  }
  std::ranges::sort_heap(best, better);
  return best;
}

double SumOfExponentials(std::span<const float> cosines, float largest, double logit_scale) {
#if defined(__x86_64__)
  // Twice as wide, the same bits: nothing is fused.
  if (__builtin_cpu_supports("avx2")) return SumOnAvx2(cosines, largest, static_cast<float>(logit_scale));
#endif
  return Sum(cosines, largest, static_cast<float>(logit_scale));
}

Ranking RankPrompts(std::span<const float> cosines, const ScoringOptions& options) {
  // Every score rises with its cosine, so the best are found among the cosines; two at least, for the margin.
  const std::size_t count = std::min(cosines.size(), std::max<std::size_t>(2, static_cast<std::size_t>(options.top_k)));
  std::vector<std::size_t> best = LargestIndexes(cosines, count);
  const float largest = cosines[best.front()];
  const Scorer score(cosines, largest, options);
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
