#include "engine/cosine_kernels.h"

#include "engine/half_matrix.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kLanes = HalfMatrix::kLanes;

void Rows(const std::uint16_t* matrix, std::size_t rows, std::size_t stride, const float* query, float* cosines) {
  for (std::size_t r = 0; r < rows; ++r) {
    const std::uint16_t* row = matrix + r * stride;
    float sums[kLanes] = {};
    for (std::size_t i = 0; i < stride; i += kLanes)
      for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += FloatFromHalf(row[i + lane]) * query[i + lane];
    for (std::size_t half = kLanes / 2; half > 0; half /= 2)
      for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
    cosines[r] = sums[0];
  }
}

void Dots(const std::int8_t* matrix, std::size_t rows, std::size_t stride, const std::int16_t* query,
          std::int32_t* dots) {
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int8_t* row = matrix + r * stride;
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < stride; ++i) sum += std::int32_t{row[i]} * query[i];
    dots[r] = sum;
  }
}

constexpr CosineKernel kScalar{"scalar", Rows, Dots};

}  // namespace

const CosineKernel& ScalarCosineKernel() { return kScalar; }

const CosineKernel& BestCosineKernel() {
  const CosineKernel* vector = VectorCosineKernel();
  return vector != nullptr ? *vector : kScalar;
}

}  // namespace hailo_clip
