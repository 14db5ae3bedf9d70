#include "engine/scoring.h"

#include <algorithm>
#include <cmath>

namespace hailo_clip {
namespace {

std::vector<double> Softmax(std::span<const float> cosines, double scale) {
  const double largest = *std::ranges::max_element(cosines);
  std::vector<double> scores;
  double sum = 0;
  for (const float cosine : cosines) {
    scores.push_back(std::exp(scale * (cosine - largest)));
    sum += scores.back();
  }
  for (double& score : scores) score /= sum;
  return scores;
}

std::vector<double> Scores(std::span<const float> cosines, const ScoringOptions& options) {
  const ScoringSpec& model = options.model;
  const bool sigmoid = model.activation == Activation::kSigmoid;
  if (!options.apply_activation || (!sigmoid && cosines.size() == 1)) return {cosines.begin(), cosines.end()};
  if (!sigmoid) return Softmax(cosines, model.logit_scale);
  std::vector<double> scores;
  for (const float cosine : cosines)
    scores.push_back(1.0 / (1.0 + std::exp(-(double{model.logit_scale} * cosine + model.logit_bias))));
  return scores;
}

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
  const std::vector<double> scores = Scores(cosines, options);
  std::vector<RankedPrompt> all;
  for (std::size_t i = 0; i < scores.size(); ++i) all.push_back({i, scores[i], cosines[i]});
  const std::size_t sorted = std::min(all.size(), std::max<std::size_t>(2, static_cast<std::size_t>(options.top_k)));
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(sorted),
                            [](const RankedPrompt& a, const RankedPrompt& b) {
                              return a.score != b.score ? a.score > b.score : a.index < b.index;
                            });
  Ranking ranking;
  if (all.size() > 1) ranking.margin = all[0].score - all[1].score;
  const double best_cosine = *std::ranges::max_element(cosines);
  ranking.none_of_these =
      (options.reject_below.has_value() && best_cosine < *options.reject_below) ||
      (options.model.none_of_these_below.has_value() && best_cosine < *options.model.none_of_these_below);
  all.resize(std::min(all.size(), static_cast<std::size_t>(options.top_k)));
  for (const RankedPrompt& prompt : all)
    if (!options.threshold.has_value() || prompt.score >= *options.threshold) ranking.ranked.push_back(prompt);
  return ranking;
}

}  // namespace hailo_clip
