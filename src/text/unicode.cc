#include "text/unicode.h"

#include <algorithm>
#include <iterator>
#include <span>

namespace hailo_clip {
namespace {

struct ClassRange {
  char32_t first, last;
  CharClass value;
};
struct MarkRange {
  char32_t first, last;
};
// first, first + step, ... last become themselves + delta.
struct LowerRun {
  char32_t first, last;
  std::int32_t step, delta;
};

#include "text/unicode_tables.inc"

// The entry whose [first, last] holds the code point, or nullptr.
template <typename Range, std::size_t kSize>
const Range* FindRange(const Range (&ranges)[kSize], char32_t code_point) {
  const Range* found = std::ranges::lower_bound(ranges, code_point, {}, &Range::last);
  return found != std::end(ranges) && found->first <= code_point ? found : nullptr;
}

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

}  // namespace

DecodedChar DecodeUtf8(std::string_view text, std::size_t at) {
  constexpr DecodedChar bad{.code_point = 0xFFFD, .size = 1, .valid = false};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {.code_point = lead, .size = 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < size) return bad;
  char32_t code_point = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (!IsContinuation(byte(i))) return bad;
    code_point = code_point << 6 | (byte(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && code_point < 0x800) || (size == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
  if (overlong || surrogate || code_point > 0x10FFFF) return bad;
  return {.code_point = code_point, .size = size};
}

void AppendUtf8(char32_t code_point, std::string& out) {
  const auto append = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) return append(code_point);
  if (code_point < 0x800) {
    append(0xC0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      append(0xE0 | code_point >> 12);
    } else {
      append(0xF0 | code_point >> 18);
      append(0x80 | (code_point >> 12 & 0x3F));
    }
    append(0x80 | (code_point >> 6 & 0x3F));
  }
  append(0x80 | (code_point & 0x3F));
}

CharClass ClassOf(char32_t code_point) {
  const ClassRange* range = FindRange(kClassRanges, code_point);
  return range == nullptr ? CharClass::kOther : range->value;
}

char32_t LowerCodePoint(char32_t code_point) {
  const LowerRun* run = FindRange(kLowerRuns, code_point);
  if (run == nullptr || (code_point - run->first) % static_cast<char32_t>(run->step) != 0) return code_point;
  return static_cast<char32_t>(static_cast<std::int32_t>(code_point) + run->delta);
}

bool IsOrderedMark(char32_t code_point) { return FindRange(kMarkRanges, code_point) != nullptr; }

}  // namespace hailo_clip
