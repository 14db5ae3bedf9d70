// Exact sums of 8-bit pixels times 23-bit signed weights with 16-bit multiplications: weight = high * 2^15 + low,
// 0 <= low < 2^15, and vpmaddwd adds the products of a pair of pixels into 32 bits. The partial sums may wrap
// around; the whole is right modulo 2^32, and Pillow's bound says that it fits into 32 bits.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <vector>

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

HC_AVX2 __m256i Round(__m256i total) {
  return _mm256_srai_epi32(_mm256_add_epi32(total, _mm256_set1_epi32(1 << (kWeightBits - 1))), kWeightBits);
}

// The sums of both lanes, of `a` in the low lane and of `b` in the high one, rounded: one pixel each.
HC_AVX2 __m256i RoundedPixels(const Sum& a, const Sum& b) {
  const __m256i total_a = Total(a);
  const __m256i total_b = Total(b);
  return Round(_mm256_add_epi32(_mm256_permute2x128_si256(total_a, total_b, 0x20),
                                _mm256_permute2x128_si256(total_a, total_b, 0x31)));
}

HC_AVX2 void StorePixel(int rgb, std::uint8_t* output) { std::memcpy(output, &rgb, 3); }

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
    const __m256i words = _mm256_packs_epi32(RoundedPixels(sum_a, sum_b), RoundedPixels(sum_c, sum_d));
    const __m256i bytes =
        _mm256_packus_epi16(words, words);  // r g b 0 of a and c in the low lane, of b and d in the high
    const std::ptrdiff_t at = std::ptrdiff_t{3} * i;
    StorePixel(_mm256_extract_epi32(bytes, 0), output[0] + at);
    StorePixel(_mm256_extract_epi32(bytes, 4), output[1] + at);
    StorePixel(_mm256_extract_epi32(bytes, 1), output[2] + at);
    StorePixel(_mm256_extract_epi32(bytes, 5), output[3] + at);
  }
}

// The low and the high words of two weights, for two rows that are weighed together.
struct WeightPair {
  std::int32_t low;
  std::int32_t high;
};

std::vector<WeightPair> Pairs(std::span<const std::int32_t> weights) {
  std::vector<WeightPair> pairs((weights.size() + 1) / 2);
  for (std::size_t k = 0; k < weights.size(); k += 2) {
    const std::int32_t second = k + 1 < weights.size() ? weights[k + 1] : 0;
    pairs[k / 2] = {.low = (weights[k] & kLowMask) | (second & kLowMask) << 16,
                    .high = (weights[k] >> kLowBits & 0xFFFF) | (second >> kLowBits) * 65536};
  }
  return pairs;
}

// Sixteen bytes of the output from every row, two rows at a time.
HC_AVX2 void AcrossSixteen(std::span<const std::uint8_t* const> rows, std::span<const WeightPair> pairs, std::size_t at,
                           std::uint8_t* output) {
  Sum even{_mm256_setzero_si256(), _mm256_setzero_si256()};
  Sum odd = even;
  for (std::size_t k = 0; k < rows.size(); k += 2) {
    const WeightPair& pair = pairs[k / 2];
    const __m256i low = _mm256_set1_epi32(pair.low);
    const __m256i high = _mm256_set1_epi32(pair.high);
    const __m256i a = _mm256_cvtepu8_epi16(Load128(rows[k] + at));
    const __m256i b = _mm256_cvtepu8_epi16(Load128(rows[std::min(k + 1, rows.size() - 1)] + at));
    Accumulate(even, _mm256_unpacklo_epi16(a, b), low, high);
    Accumulate(odd, _mm256_unpackhi_epi16(a, b), low, high);
  }
  const __m256i words = _mm256_packs_epi32(Round(Total(even)), Round(Total(odd)));  // undoes the order of the unpacking
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  std::memcpy(output + at, &bytes, sizeof(bytes));
}

HC_AVX2 void AcrossRows(std::span<const std::uint8_t* const> rows, std::span<const std::int32_t> weights,
                        std::size_t bytes, std::uint8_t* output) {
  const std::vector<WeightPair> pairs = Pairs(weights);
  std::size_t at = 0;
  for (; at + 16 <= bytes; at += 16) AcrossSixteen(rows, pairs, at, output);
  AcrossRowsScalar(rows, weights, at, bytes, output);
}

constexpr ResampleKernels kAvx2{"avx2", AlongRow, AcrossRows};

}  // namespace

const ResampleKernels* VectorKernels() { return __builtin_cpu_supports("avx2") ? &kAvx2 : nullptr; }

}  // namespace hailo_clip
