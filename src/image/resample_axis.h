// The weights of one axis of Pillow's 8-bit bicubic or bilinear resize with antialiasing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "image/crop_plan.h"

namespace hailo_clip {

// Fractional bits of a weight: Pillow's PRECISION_BITS, 32 less 8 for the value and 2 for overshoot.
inline constexpr int kWeightBits = 22;
// Weights of each output are padded with zeros to a multiple of this, so that kernels work in whole vectors.
inline constexpr int kWeightPadding = 8;

// Output pixel i = clip((2^21 + sum of weight[j] * input[first + j]) >> 22), in 32 bits.
class ResampleAxis {
 public:
  // Weights for the crop's outputs alone. `reversed`: the input is stored backwards; its pixels are then
  // numbered as stored, the outputs still as they stand upright.
  ResampleAxis(const AxisPlan& plan, bool reversed);

  [[nodiscard]] int outputs() const { return static_cast<int>(taps_.size()); }
  [[nodiscard]] int first(int output) const { return taps_[output].first; }  // as stored, >= 0
  [[nodiscard]] int count(int output) const { return taps_[output].count; }  // >= 1
  // [count rounded up to kWeightPadding]
  [[nodiscard]] std::span<const std::int32_t> padded_weights(int output) const {
    return {weights_.data() + taps_[output].offset, PaddedCount(taps_[output].count)};
  }
  [[nodiscard]] std::span<const std::int32_t> weights(int output) const {
    return padded_weights(output).first(static_cast<std::size_t>(taps_[output].count));
  }

  // All outputs need only input pixels of [input_begin, input_end), each at most `max_count` of them.
  [[nodiscard]] int input_begin() const { return input_begin_; }
  [[nodiscard]] int input_end() const { return input_end_; }
  [[nodiscard]] int max_count() const { return max_count_; }
  [[nodiscard]] bool reversed() const { return reversed_; }

 private:
  struct Taps {
    int first;
    int count;
    std::size_t offset;
  };

  [[nodiscard]] static std::size_t PaddedCount(int count) {
    const int vectors = (count + kWeightPadding - 1) / kWeightPadding;
    return std::size_t{kWeightPadding} * vectors;
  }
  void Append(int first, std::span<const std::int32_t> weights);

  std::vector<Taps> taps_;
  std::vector<std::int32_t> weights_;
  int input_begin_ = 0;
  int input_end_ = 0;
  int max_count_ = 0;
  bool reversed_ = false;
};

}  // namespace hailo_clip
