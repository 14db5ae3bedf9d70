// Exact sums of 8-bit pixels times 23-bit signed weights with 16-bit multiplications: weight = high * 2^15 + low,
// 0 <= low < 2^15, and vpmaddwd adds the products of a pair of pixels into 32 bits. The partial sums may wrap
// around; the whole is right modulo 2^32, and Pillow's bound says that it fits into 32 bits.
#include <immintrin.h>

#include <cstring>

#include "image/resample_kernels_vector.h"

#define HC_AVX2 __attribute__((target("avx2")))

namespace hailo_clip {
namespace {

constexpr int kLowBits = 15;
constexpr std::int32_t kLowMask = (std::int32_t{1} << kLowBits) - 1;

HC_AVX2 __m128i Load128(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }

// Pixels 0, 1 (low lane) and 2, 3 (high lane) of four RGB pixels as words: r0 r1 g0 g1 b0 b1 0 0.
HC_AVX2 __m256i PairPixels(const std::uint8_t* pixels) {
  const __m256i pattern = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  //
                                           6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(Load128(pixels)), pattern);
}

struct Sum {
  __m256i low;
  __m256i high;
};

HC_AVX2 void Accumulate(Sum& sum, __m256i values, __m256i low, __m256i high) {
  sum.low = _mm256_add_epi32(sum.low, _mm256_madd_epi16(values, low));
  sum.high = _mm256_add_epi32(sum.high, _mm256_madd_epi16(values, high));
}

HC_AVX2 __m256i Total(const Sum& sum) { return _mm256_add_epi32(_mm256_slli_epi32(sum.high, kLowBits), sum.low); }

HC_AVX2 void StorePixel(const Sum& sum, std::uint8_t* output) {
  const __m256i lanes = Total(sum);
  const __m128i both = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
  const __m128i rounded = _mm_srai_epi32(_mm_add_epi32(both, _mm_set1_epi32(1 << (kWeightBits - 1))), kWeightBits);
  const __m128i words = _mm_packs_epi32(rounded, rounded);
  const int rgb = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  std::memcpy(output, &rgb, 3);
}

HC_AVX2 void AlongRow(const RowPointers& rows, int origin, const ResampleAxis& axis, const OutputPointers& output) {
  const __m256i to_low = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  const __m256i to_high = _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3);
  for (int i = 0; i < axis.outputs(); ++i) {
    const std::span<const std::int32_t> weights = axis.padded_weights(i);
    const std::ptrdiff_t start = std::ptrdiff_t{axis.first(i) - origin} * 3;
    const std::uint8_t* a = rows[0] + start;
    const std::uint8_t* b = rows[1] + start;
    const std::uint8_t* c = rows[2] + start;
    const std::uint8_t* d = rows[3] + start;
    Sum sum_a{_mm256_setzero_si256(), _mm256_setzero_si256()};
    Sum sum_b = sum_a;
    Sum sum_c = sum_a;
    Sum sum_d = sum_a;
    const std::size_t whole = static_cast<std::size_t>(axis.count(i) + 3) / 4 * 4;
    for (std::size_t k = 0; k < whole; k += 4) {
      const __m128i four = Load128(weights.data() + k);
      const __m128i split =
          _mm_packs_epi32(_mm_and_si128(four, _mm_set1_epi32(kLowMask)), _mm_srai_epi32(four, kLowBits));
      const __m256i low = _mm256_permutevar8x32_epi32(_mm256_castsi128_si256(split), to_low);
      const __m256i high = _mm256_permutevar8x32_epi32(_mm256_castsi128_si256(split), to_high);
      Accumulate(sum_a, PairPixels(a + 3 * k), low, high);
      Accumulate(sum_b, PairPixels(b + 3 * k), low, high);
      Accumulate(sum_c, PairPixels(c + 3 * k), low, high);
      Accumulate(sum_d, PairPixels(d + 3 * k), low, high);
    }
    StorePixel(sum_a, output[0] + std::ptrdiff_t{3} * i);
    StorePixel(sum_b, output[1] + std::ptrdiff_t{3} * i);
    StorePixel(sum_c, output[2] + std::ptrdiff_t{3} * i);
    StorePixel(sum_d, output[3] + std::ptrdiff_t{3} * i);
  }
}

// Sixteen bytes of the output from every row, two rows at a time.
HC_AVX2 void AcrossSixteen(std::span<const std::uint8_t* const> rows, std::span<const std::int32_t> weights,
                           std::size_t at, std::uint8_t* output) {
  Sum even{_mm256_setzero_si256(), _mm256_setzero_si256()};
  Sum odd = even;
  for (std::size_t k = 0; k < weights.size(); k += 2) {
    const bool pair = k + 1 < weights.size();
    const std::int32_t second = pair ? weights[k + 1] : 0;
    const __m256i low = _mm256_set1_epi32((weights[k] & kLowMask) | (second & kLowMask) << 16);
    const __m256i high = _mm256_set1_epi32((weights[k] >> kLowBits & 0xFFFF) | (second >> kLowBits) * 65536);
    const __m256i a = _mm256_cvtepu8_epi16(Load128(rows[k] + at));
    const __m256i b = _mm256_cvtepu8_epi16(Load128(rows[pair ? k + 1 : k] + at));
    Accumulate(even, _mm256_unpacklo_epi16(a, b), low, high);
    Accumulate(odd, _mm256_unpackhi_epi16(a, b), low, high);
  }
  const __m256i half = _mm256_set1_epi32(1 << (kWeightBits - 1));
  const __m256i first = _mm256_srai_epi32(_mm256_add_epi32(Total(even), half), kWeightBits);
  const __m256i last = _mm256_srai_epi32(_mm256_add_epi32(Total(odd), half), kWeightBits);
  const __m256i words = _mm256_packs_epi32(first, last);  // undoes the order of the unpacking
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  std::memcpy(output + at, &bytes, sizeof(bytes));
}

HC_AVX2 void AcrossRows(std::span<const std::uint8_t* const> rows, std::span<const std::int32_t> weights,
                        std::size_t bytes, std::uint8_t* output) {
  std::size_t at = 0;
  for (; at + 16 <= bytes; at += 16) AcrossSixteen(rows, weights, at, output);
  AcrossRowsScalar(rows, weights, at, bytes, output);
}

constexpr ResampleKernels kAvx2{"avx2", AlongRow, AcrossRows};

}  // namespace

const ResampleKernels* VectorKernels() { return __builtin_cpu_supports("avx2") ? &kAvx2 : nullptr; }

}  // namespace hailo_clip
