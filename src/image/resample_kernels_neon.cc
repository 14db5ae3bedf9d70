// arm64 always has NEON, and its 32-bit multiply-add makes the sums as the scalar reference does, four at once.
#include <arm_neon.h>

#include "image/resample_kernels_vector.h"

namespace hailo_clip {
namespace {

// One row's sums for one output pixel: four partial sums for each of R, G and B.
struct PixelSum {
  int32x4_t red = vdupq_n_s32(0);
  int32x4_t green = vdupq_n_s32(0);
  int32x4_t blue = vdupq_n_s32(0);
};

int32x4_t MultiplyAdd(int32x4_t sum, uint8x8_t values, int32x4_t first_weights, int32x4_t last_weights) {
  const uint16x8_t wide = vmovl_u8(values);
  sum = vmlaq_s32(sum, vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(wide))), first_weights);
  return vmlaq_s32(sum, vreinterpretq_s32_u32(vmovl_high_u16(wide)), last_weights);
}

void AddEight(PixelSum& sum, const std::uint8_t* pixels, int32x4_t first_weights, int32x4_t last_weights) {
  const uint8x8x3_t rgb = vld3_u8(pixels);
  sum.red = MultiplyAdd(sum.red, rgb.val[0], first_weights, last_weights);
  sum.green = MultiplyAdd(sum.green, rgb.val[1], first_weights, last_weights);
  sum.blue = MultiplyAdd(sum.blue, rgb.val[2], first_weights, last_weights);
}

// Shifts with rounding, (sum + 2^21) >> 22, and clips to 0..255.
uint16x4_t Round(int32x4_t sum) { return vqmovun_s32(vrshrq_n_s32(sum, kWeightBits)); }

void StorePixel(const PixelSum& sum, std::uint8_t* output) {
  const int32x4_t red_green = vpaddq_s32(sum.red, sum.green);
  const int32x4_t blue = vpaddq_s32(sum.blue, sum.blue);
  const uint16x4_t words = Round(vpaddq_s32(red_green, blue));
  const uint8x8_t bytes = vqmovn_u16(vcombine_u16(words, words));
  output[0] = vget_lane_u8(bytes, 0);
  output[1] = vget_lane_u8(bytes, 1);
  output[2] = vget_lane_u8(bytes, 2);
}

void AlongRow(const RowPointers& rows, int origin, const ResampleAxis& axis, const OutputPointers& output) {
  static_assert(kWeightPadding == 8);
  for (int i = 0; i < axis.outputs(); ++i) {
    const std::span<const std::int32_t> weights = axis.padded_weights(i);
    const std::ptrdiff_t start = std::ptrdiff_t{axis.first(i) - origin} * 3;
    std::array<PixelSum, kRowsAtOnce> sums;
    for (std::size_t k = 0; k < weights.size(); k += 8) {
      const int32x4_t first = vld1q_s32(weights.data() + k);
      const int32x4_t last = vld1q_s32(weights.data() + k + 4);
      for (std::size_t r = 0; r < kRowsAtOnce; ++r) AddEight(sums[r], rows[r] + start + 3 * k, first, last);
    }
    for (std::size_t r = 0; r < kRowsAtOnce; ++r) StorePixel(sums[r], output[r] + std::ptrdiff_t{3} * i);
  }
}

void AcrossSixteen(std::span<const std::uint8_t* const> rows, std::span<const std::int32_t> weights, std::size_t at,
                   std::uint8_t* output) {
  int32x4_t a = vdupq_n_s32(0);
  int32x4_t b = a;
  int32x4_t c = a;
  int32x4_t d = a;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const uint8x16_t bytes = vld1q_u8(rows[k] + at);
    const uint16x8_t low = vmovl_u8(vget_low_u8(bytes));
    const uint16x8_t high = vmovl_high_u8(bytes);
    const int32x4_t weight = vdupq_n_s32(weights[k]);
    a = vmlaq_s32(a, vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(low))), weight);
    b = vmlaq_s32(b, vreinterpretq_s32_u32(vmovl_high_u16(low)), weight);
    c = vmlaq_s32(c, vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(high))), weight);
    d = vmlaq_s32(d, vreinterpretq_s32_u32(vmovl_high_u16(high)), weight);
  }
  const uint8x8_t first = vqmovn_u16(vcombine_u16(Round(a), Round(b)));
  const uint8x8_t last = vqmovn_u16(vcombine_u16(Round(c), Round(d)));
  vst1q_u8(output + at, vcombine_u8(first, last));
}

void AcrossRows(std::span<const std::uint8_t* const> rows, std::span<const std::int32_t> weights, std::size_t bytes,
                std::uint8_t* output) {
  std::size_t at = 0;
  for (; at + 16 <= bytes; at += 16) AcrossSixteen(rows, weights, at, output);
  AcrossRowsScalar(rows, weights, at, bytes, output);
}

constexpr ResampleKernels kNeon{"neon", AlongRow, AcrossRows};

}  // namespace

const ResampleKernels* VectorKernels() { return &kNeon; }

}  // namespace hailo_clip
