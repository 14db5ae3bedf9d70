// arm64 always has NEON with the conversion from half precision. Two rows at a time share the query.
#include <arm_neon.h>

#include <array>

#include "engine/cosine_kernels.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kRowsAtOnce = 2;

using Sums = std::array<float32x4_t, 4>;  // of the elements 16 i + 0..3, + 4..7, + 8..11, + 12..15

// Not vfmaq: a fused product would round differently than on other machines.
void Accumulate(Sums& sums, const std::uint16_t* halves, const Sums& query) {
  for (std::size_t part = 0; part < sums.size(); ++part) {
    const float32x4_t values = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(halves + 4 * part)));
    sums[part] = vaddq_f32(sums[part], vmulq_f32(values, query[part]));
  }
}

float Total(const Sums& sums) {
  const float32x4_t four = vaddq_f32(vaddq_f32(sums[0], sums[2]), vaddq_f32(sums[1], sums[3]));
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

template <std::size_t kRows>
void RowsTogether(const std::uint16_t* matrix, std::size_t stride, const float* query, float* cosines) {
  std::array<Sums, kRows> sums;
  for (Sums& sum : sums) sum.fill(vdupq_n_f32(0));
  for (std::size_t i = 0; i < stride; i += 16) {
    const Sums sixteen{vld1q_f32(query + i), vld1q_f32(query + i + 4), vld1q_f32(query + i + 8),
                       vld1q_f32(query + i + 12)};
    for (std::size_t r = 0; r < kRows; ++r) Accumulate(sums[r], matrix + r * stride + i, sixteen);
  }
  for (std::size_t r = 0; r < kRows; ++r) cosines[r] = Total(sums[r]);
}

void Rows(const std::uint16_t* matrix, std::size_t rows, std::size_t stride, const float* query, float* cosines) {
  std::size_t r = 0;
  for (; r + kRowsAtOnce <= rows; r += kRowsAtOnce)
    RowsTogether<kRowsAtOnce>(matrix + r * stride, stride, query, cosines + r);
  for (; r < rows; ++r) RowsTogether<1>(matrix + r * stride, stride, query, cosines + r);
}

template <std::size_t kRows>
void DotsTogether(const std::int8_t* matrix, std::size_t stride, const std::int16_t* query, std::int32_t* dots) {
  std::array<std::array<int32x4_t, 2>, kRows> sums;
  for (auto& sum : sums) sum.fill(vdupq_n_s32(0));
  for (std::size_t i = 0; i < stride; i += 8) {
    const int16x8_t eight = vld1q_s16(query + i);
    for (std::size_t r = 0; r < kRows; ++r) {
      const int16x8_t codes = vmovl_s8(vld1_s8(matrix + r * stride + i));
      sums[r][0] = vmlal_s16(sums[r][0], vget_low_s16(codes), vget_low_s16(eight));
      sums[r][1] = vmlal_s16(sums[r][1], vget_high_s16(codes), vget_high_s16(eight));
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) dots[r] = vaddvq_s32(vaddq_s32(sums[r][0], sums[r][1]));
}

void Dots(const std::int8_t* matrix, std::size_t rows, std::size_t stride, const std::int16_t* query,
          std::int32_t* dots) {
  std::size_t r = 0;
  for (; r + kRowsAtOnce <= rows; r += kRowsAtOnce)
    DotsTogether<kRowsAtOnce>(matrix + r * stride, stride, query, dots + r);
  for (; r < rows; ++r) DotsTogether<1>(matrix + r * stride, stride, query, dots + r);
}

constexpr CosineKernel kNeon{"neon", Rows, Dots};

}  // namespace

const CosineKernel* VectorCosineKernel() { return &kNeon; }

}  // namespace hailo_clip
