#include "image/resample_axis.h"

#include <algorithm>
#include <cmath>

namespace hailo_clip {
namespace {

// Keys' cubic with a = -0.5, in the order of operations that gives Pillow's bits. CompileOptions.cmake forbids
// fused multiply-add, which would change the last one.
double Cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

double Triangle(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

std::int32_t ToFixedPoint(double weight) {
  constexpr double kOne = std::int64_t{1} << kWeightBits;
  return static_cast<std::int32_t>(weight * kOne + (weight < 0 ? -0.5 : 0.5));  // half away from zero
}

}  // namespace

ResampleAxis::ResampleAxis(const AxisPlan& plan, bool reversed) : reversed_(reversed) {
  const double scale = plan.extent / static_cast<double>(plan.output);
  const double stretch = std::max(scale, 1.0);  // antialiasing when shrinking, plain interpolation when enlarging
  const bool bicubic = plan.interpolation == Interpolation::kBicubic;
  const double support = (bicubic ? 2.0 : 1.0) * stretch;
  const double inverse = 1.0 / stretch;
  // A last stored pixel that reaches beyond the edge is the first one of an axis that is read backwards.
  const double overhang = reversed ? plan.input - plan.extent : 0.0;
  input_begin_ = plan.input;
  std::vector<double> exact;
  std::vector<std::int32_t> fixed;
  for (std::int64_t out = plan.start; out < plan.start + plan.crop; ++out) {
    const double center = (static_cast<double>(out) + 0.5) * scale + overhang;
    int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int count = std::min(static_cast<int>(center + support + 0.5), plan.input) - first;
    exact.clear();
    double total = 0.0;
    for (int j = 0; j < count; ++j) {
      const double x = (j + first - center + 0.5) * inverse;
      exact.push_back(bicubic ? Cubic(x) : Triangle(x));
      total += exact.back();
    }
    fixed.clear();
    for (const double weight : exact) fixed.push_back(ToFixedPoint(total != 0.0 ? weight / total : weight));
    // An axis whose size stays is copied; a single weight of one is a copy.
    if (scale == 1.0) {
      first = static_cast<int>(out);
      fixed.assign(1, std::int32_t{1} << kWeightBits);
    }
    if (reversed) {
      first = plan.input - first - static_cast<int>(fixed.size());
      std::ranges::reverse(fixed);
    }
    Append(first, fixed);
  }
}

void ResampleAxis::Append(int first, std::span<const std::int32_t> weights) {
  const int count = static_cast<int>(weights.size());
  taps_.push_back({.first = first, .count = count, .offset = weights_.size()});
  weights_.insert(weights_.end(), weights.begin(), weights.end());
  weights_.resize(taps_.back().offset + PaddedCount(count), 0);
  input_begin_ = std::min(input_begin_, first);
  input_end_ = std::max(input_end_, first + count);
  max_count_ = std::max(max_count_, count);
}

}  // namespace hailo_clip
