// From embeddings to ranked prompts. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "model/manifest.h"

namespace hailo_clip {

struct RankedPrompt {
  std::size_t index = 0;  // into the request's prompts
  double score = 0;
  double similarity = 0;  // cosine, -1..1
};

struct ScoringOptions {
  ScoringSpec model;
  bool apply_activation = true;  // false: the score is the cosine
  int top_k = 3;                 // >= 1
  std::optional<double> threshold;
  std::optional<double> reject_below;
};

struct Ranking {
  std::vector<RankedPrompt> ranked;  // by similarity, ties by index; at most top_k, none below the threshold
  std::optional<double> margin;      // rank 1 minus rank 2 over all prompts; nullopt for one prompt
  bool none_of_these = false;
};

// Divides by the length; false (and untouched) if that is zero or not finite.
[[nodiscard]] bool NormalizeToUnitLength(std::span<float> vector);

// What stands for several texts of one label: the mean of their embeddings, of unit length again. Opposite embeddings
// that cancel out leave zero, whose cosine with everything is 0.
class MeanEmbedding {
 public:
  explicit MeanEmbedding(std::size_t dimension) : sum_(dimension) {}

  void Add(std::span<const float> embedding) {
    for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += embedding[i];
  }

  [[nodiscard]] std::vector<float> Take() && {
    static_cast<void>(NormalizeToUnitLength(sum_));
    return std::move(sum_);
  }

 private:
  std::vector<float> sum_;
};

[[nodiscard]] float DotProduct(std::span<const float> a, std::span<const float> b);

// Of vectors of any length, summed in doubles: for limits finer than a sum of floats is.
[[nodiscard]] double Cosine(std::span<const float> a, std::span<const float> b);

// Where the `count` largest are, the largest first, ties by index: one pass, without sorting them all. `count` is 1 to
// as many as there are.
[[nodiscard]] std::vector<std::size_t> LargestIndexes(std::span<const float> cosines, std::size_t count);

// The sum of e^(logit_scale * (cosine - largest)) over all; `largest` is the largest of them. In single precision, sums
// in double: each summand is exact to 2^-22 of itself for each unit of its exponent, so the sum to 1e-6.
[[nodiscard]] double SumOfExponentials(std::span<const float> cosines, float largest, double logit_scale);

// Softmax or sigmoid of logit_scale * cosine (+ logit_bias), CLIP's and SigLIP's zero-shot rules. A softmax over a
// single prompt would always be 1: its score is the cosine, as with apply_activation off. `cosines` has at least one;
// the work is two passes over them and a selection, without sorting them all.
[[nodiscard]] Ranking RankPrompts(std::span<const float> cosines, const ScoringOptions& options);

}  // namespace hailo_clip
