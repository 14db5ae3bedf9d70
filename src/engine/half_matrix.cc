#include "engine/half_matrix.h"

#include <algorithm>
#include <bit>

#include "engine/cosine_kernels.h"

namespace hailo_clip {
namespace {

constexpr std::uint32_t kFloatInfinity = 0x7F80'0000U;
constexpr std::uint16_t kHalfInfinity = 0x7C00U;
constexpr std::uint32_t kExponentGap = (127U - 15U) << 23U;  // between the biases of the two exponents
constexpr unsigned kDroppedBits = 23 - 10;                   // of the mantissa

// `value` >> `bits`, rounded to nearest, ties to even.
std::uint32_t ShiftRounded(std::uint32_t value, unsigned bits) {
  const std::uint32_t half = std::uint32_t{1} << (bits - 1);
  const std::uint32_t odd = value >> bits & 1U;
  return (value + half - 1 + odd) >> bits;
}

std::vector<float> Padded(const HalfMatrix& matrix, std::span<const float> query) {
  std::vector<float> padded(matrix.stride());
  std::ranges::copy(query.first(matrix.dimension()), padded.begin());
  return padded;
}

}  // namespace

std::uint16_t HalfFromFloat(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16U & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFF'FFFFU;
  std::uint32_t half = 0;
  if (magnitude > kFloatInfinity) {
    half = kHalfInfinity | 0x200U;  // not a number
  } else if (magnitude >= (std::uint32_t{113} << 23U)) {
    // Normal in both formats. A carry out of the mantissa raises the exponent, at the end to infinity.
    half = std::min<std::uint32_t>(ShiftRounded(magnitude - kExponentGap, kDroppedBits), kHalfInfinity);
  } else if (magnitude >= (std::uint32_t{102} << 23U)) {
    // Below 2^-14 halves are multiples of 2^-24: the mantissa with its hidden bit, shifted by what the exponent lacks.
    const std::uint32_t exponent = magnitude >> 23U;
    half = ShiftRounded((magnitude & 0x7F'FFFFU) | 0x80'0000U, 126U - exponent);
  }
  return static_cast<std::uint16_t>(sign | half);
}

float FloatFromHalf(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  const std::uint32_t exponent = half >> 10U & 0x1FU;
  const std::uint32_t mantissa = half & 0x3FFU;
  if (exponent == 0) {
    const float value = static_cast<float>(mantissa) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
  }
  if (exponent == 0x1F) return std::bit_cast<float>(sign | kFloatInfinity | mantissa << kDroppedBits);
  return std::bit_cast<float>(sign | ((exponent << 23U) + kExponentGap) | mantissa << kDroppedBits);
}

void HalfMatrix::SetRow(std::size_t index, std::span<const float> row) {
  std::ranges::transform(row.first(dimension_), halves_.begin() + static_cast<std::ptrdiff_t>(index * stride_),
                         HalfFromFloat);
}

std::vector<float> MatrixCosines(const HalfMatrix& matrix, std::span<const float> query) {
  const std::vector<float> padded = Padded(matrix, query);
  std::vector<float> cosines(matrix.rows());
  BestCosineKernel().rows(matrix.halves().data(), matrix.rows(), matrix.stride(), padded.data(), cosines.data());
  return cosines;
}

void ReplaceCosines(const HalfMatrix& matrix, std::span<const float> query, std::span<const std::size_t> rows,
                    std::span<float> cosines) {
  const std::vector<float> padded = Padded(matrix, query);
  constexpr std::size_t kAhead = 3, kLine = 64 / sizeof(std::uint16_t);  // rows that are far apart are fetched early
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint16_t* const ahead =
        matrix.halves().data() + rows[std::min(i + kAhead, rows.size() - 1)] * matrix.stride();
    for (std::size_t k = 0; k < matrix.stride(); k += kLine) __builtin_prefetch(ahead + k);
    BestCosineKernel().rows(matrix.halves().data() + rows[i] * matrix.stride(), 1, matrix.stride(), padded.data(),
                            &cosines[rows[i]]);
  }
}

}  // namespace hailo_clip
