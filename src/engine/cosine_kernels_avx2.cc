// F16C turns eight halves into eight floats in one instruction, straight from memory. Four rows at a time share the
// query and keep enough sums under way that the additions need not wait for one another.
#include <immintrin.h>

#include <array>

#include "engine/cosine_kernels.h"

#define HC_AVX2 __attribute__((target("avx2,f16c")))

namespace hailo_clip {
namespace {

constexpr std::size_t kRowsAtOnce = 4;

struct Sums {
  __m256 low;   // of the elements 16 i + 0..7
  __m256 high;  // and 16 i + 8..15
};

HC_AVX2 __m256 LoadEight(const std::uint16_t* halves) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(halves)));
}

HC_AVX2 float Total(const Sums& sums) {
  const __m256 eight = _mm256_add_ps(sums.low, sums.high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

template <std::size_t kRows>
HC_AVX2 void RowsTogether(const std::uint16_t* matrix, std::size_t stride, const float* query, float* cosines) {
  std::array<Sums, kRows> sums;
  for (Sums& sum : sums) sum = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (std::size_t i = 0; i < stride; i += 16) {
    const __m256 low = _mm256_loadu_ps(query + i);
    const __m256 high = _mm256_loadu_ps(query + i + 8);
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::uint16_t* row = matrix + r * stride + i;
      // The same place of the next rows: the processor's own prefetcher stops at every page.
      if (kRows > 1 && i % 32 == 0) _mm_prefetch(row + kRows * stride, _MM_HINT_T0);
      sums[r].low = _mm256_add_ps(sums[r].low, _mm256_mul_ps(LoadEight(row), low));
      sums[r].high = _mm256_add_ps(sums[r].high, _mm256_mul_ps(LoadEight(row + 8), high));
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) cosines[r] = Total(sums[r]);
}

HC_AVX2 void Rows(const std::uint16_t* matrix, std::size_t rows, std::size_t stride, const float* query,
                  float* cosines) {
  std::size_t r = 0;
  for (; r + kRowsAtOnce <= rows; r += kRowsAtOnce)
    RowsTogether<kRowsAtOnce>(matrix + r * stride, stride, query, cosines + r);
  for (; r < rows; ++r) RowsTogether<1>(matrix + r * stride, stride, query, cosines + r);
}

// vpmovsxbw widens sixteen codes straight from memory, vpmaddwd multiplies them and adds pairs.
HC_AVX2 __m256i Products(const std::int8_t* codes, const std::int16_t* query) {
  const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
  return _mm256_madd_epi16(wide, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query)));
}

// One row after the other, because reading is what takes the time, and memory is fastest from end to end: four rows at
// a time took nearly twice as long. Instructions that do more at once (VNNI) would gain nothing.
HC_AVX2 void Dots(const std::int8_t* matrix, std::size_t rows, std::size_t stride, const std::int16_t* query,
                  std::int32_t* dots) {
  constexpr std::size_t kAhead = 2'048;  // bytes
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int8_t* row = matrix + r * stride;
    __m256i even = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
    std::size_t i = 0;
    for (; i + 32 <= stride; i += 32) {
      _mm_prefetch(row + i + kAhead, _MM_HINT_T0);
      even = _mm256_add_epi32(even, Products(row + i, query + i));
      odd = _mm256_add_epi32(odd, Products(row + i + 16, query + i + 16));
    }
    if (i < stride) even = _mm256_add_epi32(even, Products(row + i, query + i));
    const __m256i eight = _mm256_add_epi32(even, odd);
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
    dots[r] = _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1)));
  }
}

constexpr CosineKernel kAvx2{"avx2", Rows, Dots};

}  // namespace

const CosineKernel* VectorCosineKernel() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c") ? &kAvx2 : nullptr;
}

}  // namespace hailo_clip
