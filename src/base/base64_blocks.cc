#include "base/base64_blocks.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define HC_AVX2 __attribute__((target("avx2")))
#endif

namespace hailo_clip {

std::size_t NoBase64Blocks(std::string_view /*text*/, char* /*out*/) { return 0; }

#if defined(__x86_64__)
namespace {

constexpr std::size_t kBlock = 32;  // characters, which are 24 bytes

HC_AVX2 __m256i Twice(__m128i sixteen) { return _mm256_broadcastsi128_si256(sixteen); }

// The digits' values, after Mula and Lemire, "Faster Base64 encoding and decoding using AVX2 instructions" (2018);
// false if not all are digits. A character is one if the tables for its two halves have no bit in common.
HC_AVX2 bool DigitsOf(__m256i text, __m256i& digits) {
  const __m256i low_table = Twice(
      _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A));
  const __m256i high_table = Twice(
      _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10));
  const __m256i step_table = Twice(_mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0));
  // '-' and '_' of the other alphabet are '+' and '/'.
  text = _mm256_blendv_epi8(text, _mm256_set1_epi8('+'), _mm256_cmpeq_epi8(text, _mm256_set1_epi8('-')));
  text = _mm256_blendv_epi8(text, _mm256_set1_epi8('/'), _mm256_cmpeq_epi8(text, _mm256_set1_epi8('_')));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), _mm256_set1_epi8(0x0F));
  const __m256i low = _mm256_and_si256(text, _mm256_set1_epi8(0x0F));
  if (_mm256_testz_si256(_mm256_shuffle_epi8(low_table, low), _mm256_shuffle_epi8(high_table, high)) == 0) return false;
  const __m256i is_slash = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('/'));
  digits = _mm256_add_epi8(text, _mm256_shuffle_epi8(step_table, _mm256_add_epi8(is_slash, high)));
  return true;
}

// Each four digits to 24 bits, their bytes to the order of memory, and the 12 bytes of both halves together.
HC_AVX2 __m256i Pack(__m256i digits) {
  const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi32(0x0140'0140));
  const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001'1000));
  const __m256i bytes =
      _mm256_shuffle_epi8(fours, Twice(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1)));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
}

HC_AVX2 std::size_t Avx2Blocks(std::string_view text, char* out) {
  std::size_t i = 0;
  // A store writes 8 bytes more than there are: as many as the next 12 characters will be.
  for (; i + kBlock + 12 <= text.size(); i += kBlock, out += kBlock / 4 * 3) {
    __m256i digits;
    if (!DigitsOf(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + i)), digits)) break;
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), Pack(digits));
  }
  return i;
}

}  // namespace

Base64Blocks BestBase64Blocks() { return __builtin_cpu_supports("avx2") ? Avx2Blocks : NoBase64Blocks; }
#else
Base64Blocks BestBase64Blocks() { return NoBase64Blocks; }
#endif

}  // namespace hailo_clip
