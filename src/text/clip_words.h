// Cuts normalised text into the words of CLIP's pattern
//   's|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
// (first alternative first; what no alternative matches, white space, is dropped).
#pragma once

#include <cstddef>
#include <string_view>

#include "text/unicode.h"

namespace hailo_clip {

namespace internal {

struct ClassifiedChar {
  CharClass value;
  std::size_t size;  // bytes
};

inline ClassifiedChar Classify(std::string_view text, std::size_t at) {
  if (static_cast<unsigned char>(text[at]) < 0x80) return {ClassOfAscii(text[at]), 1};
  const DecodedChar decoded = DecodeUtf8(text, at);
  return {ClassOf(decoded.code_point), decoded.size};
}

// Bytes of the contraction that `text` starts with, 0 if none.
inline std::size_t ContractionSize(std::string_view text) {
  if (text.size() < 2 || text[0] != '\'') return 0;
  switch (text[1]) {
    case 's':
    case 't':
    case 'm':
    case 'd': return 2;
    case 'r':
    case 'v': return text.size() > 2 && text[2] == 'e' ? 3 : 0;
    case 'l': return text.size() > 2 && text[2] == 'l' ? 3 : 0;
    default: return 0;
  }
}

}  // namespace internal

// Calls on_word(std::string_view) for each word in order, until it returns false. `text` is lower-case UTF-8.
template <typename OnWord>
void ForEachClipWord(std::string_view text, OnWord&& on_word) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t start = at;
    if (const std::size_t size = internal::ContractionSize(text.substr(at)); size > 0) {
      at += size;
    } else {
      const auto [first_class, first_size] = internal::Classify(text, at);
      at += first_size;
      if (first_class == CharClass::kSpace) continue;
      while (first_class != CharClass::kNumber && at < text.size()) {
        const auto [next_class, next_size] = internal::Classify(text, at);
        if (next_class != first_class) break;
        at += next_size;
      }
    }
    if (!on_word(text.substr(start, at - start))) return;
  }
}

}  // namespace hailo_clip
