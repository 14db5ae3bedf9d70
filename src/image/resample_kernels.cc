#include "image/resample_kernels.h"

#include <algorithm>

#include "image/resample_kernels_vector.h"

namespace hailo_clip {
namespace {

constexpr std::int32_t kHalf = std::int32_t{1} << (kWeightBits - 1);

std::uint8_t Round(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp((sum + kHalf) >> kWeightBits, 0, 255));
}

void AlongRow(const RowPointers& rows, int origin, const ResampleAxis& axis, const OutputPointers& output) {
  for (std::size_t r = 0; r < kRowsAtOnce; ++r) {
    for (int i = 0; i < axis.outputs(); ++i) {
      std::array<std::int32_t, 3> sum{};
      const std::uint8_t* pixel = rows[r] + std::ptrdiff_t{axis.first(i) - origin} * 3;
      for (const std::int32_t weight : axis.weights(i)) {
        for (std::size_t c = 0; c < 3; ++c) sum[c] += weight * *pixel++;
      }
      for (std::size_t c = 0; c < 3; ++c) output[r][std::size_t{3} * i + c] = Round(sum[c]);
    }
  }
}

void AcrossRows(std::span<const std::uint8_t* const> rows, std::span<const std::int32_t> weights, std::size_t bytes,
                std::uint8_t* output) {
  AcrossRowsScalar(rows, weights, 0, bytes, output);
}

constexpr ResampleKernels kScalar{"scalar", AlongRow, AcrossRows};

}  // namespace

void AcrossRowsScalar(std::span<const std::uint8_t* const> rows, std::span<const std::int32_t> weights,
                      std::size_t begin, std::size_t end, std::uint8_t* output) {
  for (std::size_t i = begin; i < end; ++i) {
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) sum += weights[k] * rows[k][i];
    output[i] = Round(sum);
  }
}

const ResampleKernels& ScalarKernels() { return kScalar; }

const ResampleKernels& BestKernels() {
  const ResampleKernels* vector = VectorKernels();
  return vector != nullptr ? *vector : kScalar;
}

}  // namespace hailo_clip
