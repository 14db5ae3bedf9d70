#include "text/normalise.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "text/unicode.h"

namespace hailo_clip {
namespace {

using CodePoints = std::vector<utf8proc_int32_t>;

constexpr auto kDecompose = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
constexpr auto kCompose = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);

int CombiningClass(utf8proc_int32_t code_point) { return utf8proc_get_property(code_point)->combining_class; }

// The one canonical composition that came after the reference's Unicode, and its second half.
constexpr utf8proc_int32_t kAddedPair = 0x11938;
constexpr utf8proc_int32_t kAddedSecond = 0x11930;

// What utf8proc would reorder or compose and the reference, with its older Unicode, does not know: such a code
// point stays as it is and nothing moves across it.
bool IsUnknownToReference(utf8proc_int32_t code_point) {
  if (code_point == kAddedSecond || code_point == kAddedPair) return true;
  return CombiningClass(code_point) != 0 && !IsOrderedMark(static_cast<char32_t>(code_point));
}

// The canonical decomposition of one code point. 1..8 values: four is the longest there is.
std::span<const utf8proc_int32_t> Decompose(utf8proc_int32_t code_point, std::array<utf8proc_int32_t, 8>& parts) {
  parts[0] = code_point;
  if (code_point == kAddedPair) return {parts.data(), 1};
  const auto count = utf8proc_decompose_char(code_point, parts.data(), std::ssize(parts), kDecompose, nullptr);
  return std::span(parts).first(static_cast<std::size_t>(std::clamp<utf8proc_ssize_t>(count, 1, std::ssize(parts))));
}

// Canonical order of every run of marks. utf8proc_decompose would do it too, but in quadratic time: thousands
// of marks on one letter would keep a core busy for seconds.
void OrderMarks(CodePoints& points) {
  const auto is_mark = [](utf8proc_int32_t point) { return CombiningClass(point) != 0; };
  for (auto at = points.begin(); (at = std::find_if(at, points.end(), is_mark)) != points.end();) {
    const auto end = std::find_if_not(at, points.end(), is_mark);
    if (end - at > 1) std::ranges::stable_sort(at, end, {}, CombiningClass);
    at = end;
  }
}

void AppendLower(std::span<const utf8proc_int32_t> points, std::string& out) {
  for (const auto point : points) {
    const auto code_point = static_cast<char32_t>(point);
    if (code_point == 0x130) {
      out += "i\u0307";
    } else {
      AppendUtf8(LowerCodePoint(code_point), out);
    }
  }
}

// Normalises what has been gathered between two code points unknown to the reference, and empties it.
void Flush(CodePoints& points, std::string& out) {
  if (points.empty()) return;
  OrderMarks(points);
  const auto count = utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()), kCompose);
  // It only fails for options that are not given here.
  if (count >= 0) points.resize(static_cast<std::size_t>(count));
  AppendLower(points, out);
  points.clear();
}

}  // namespace

void internal::AppendNormalisedUnicode(std::string_view text, std::string& out) {
  CodePoints points;
  points.reserve(text.size());
  std::array<utf8proc_int32_t, 8> parts{};
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar decoded = DecodeUtf8(text, at);
    at += decoded.size;
    for (const auto point : Decompose(static_cast<utf8proc_int32_t>(decoded.code_point), parts)) {
      if (IsUnknownToReference(point)) {
        Flush(points, out);
        AppendLower({&point, 1}, out);
      } else {
        points.push_back(point);
      }
    }
  }
  Flush(points, out);
}

void AppendNormalised(std::string_view text, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + text.size());
  unsigned char all = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {  // without branches, for the compiler to vectorise
    const auto byte = static_cast<unsigned char>(text[i]);
    all |= byte;
    const bool upper = static_cast<unsigned char>(byte - 'A') < 26;
    out[start + i] = static_cast<char>(byte | (upper ? 0x20 : 0));
  }
  if (all < 0x80) return;
  out.resize(start);
  internal::AppendNormalisedUnicode(text, out);
}

}  // namespace hailo_clip
