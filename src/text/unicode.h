// The little of Unicode that CLIP's tokenizer asks about, as Hugging Face's tokenizers answers it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace hailo_clip {

// \p{L}, \p{N}, \s of the pattern that cuts text into words; combining marks are kOther.
enum class CharClass : std::uint8_t { kOther, kLetter, kNumber, kSpace };

struct DecodedChar {
  char32_t code_point = 0;
  std::size_t size = 0;  // bytes taken, 1..4
  bool valid = true;     // false: code_point is U+FFFD for one bad byte
};

// The code point at text[at]; at < text.size(). A byte that is not part of valid UTF-8 (overlong forms,
// surrogates and values above U+10FFFF are not) is one U+FFFD of size 1.
[[nodiscard]] DecodedChar DecodeUtf8(std::string_view text, std::size_t at);

// `code_point` is a Unicode scalar value.
void AppendUtf8(char32_t code_point, std::string& out);

// Any code point, by binary search.
[[nodiscard]] CharClass ClassOf(char32_t code_point);

// The same for U+0000..U+007F, by table.
[[nodiscard]] CharClass ClassOfAscii(char byte);

// Lower case of one code point without context. U+0130 is the one whose lower case is two code points (U+0069
// U+0307): it is returned unchanged, the caller's business.
[[nodiscard]] char32_t LowerCodePoint(char32_t code_point);

// Whether the reference's normaliser puts this combining mark in canonical order. It follows an older Unicode
// than utf8proc and leaves later marks where they are.
[[nodiscard]] bool IsOrderedMark(char32_t code_point);

namespace internal {
constexpr std::array<CharClass, 128> AsciiClasses() {
  std::array<CharClass, 128> classes{};
  for (int c = '\t'; c <= '\r'; ++c) classes[static_cast<std::size_t>(c)] = CharClass::kSpace;
  classes[' '] = CharClass::kSpace;
  for (int c = '0'; c <= '9'; ++c) classes[static_cast<std::size_t>(c)] = CharClass::kNumber;
  for (int c = 'a'; c <= 'z'; ++c) classes[static_cast<std::size_t>(c)] = CharClass::kLetter;
  for (int c = 'A'; c <= 'Z'; ++c) classes[static_cast<std::size_t>(c)] = CharClass::kLetter;
  return classes;
}
inline constexpr std::array<CharClass, 128> kAsciiClasses = AsciiClasses();
}  // namespace internal

inline CharClass ClassOfAscii(char byte) { return internal::kAsciiClasses[static_cast<unsigned char>(byte) & 0x7F]; }

}  // namespace hailo_clip
