// ASCII text as headers use it, independent of the locale.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace hailo_clip::http {

[[nodiscard]] inline char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

[[nodiscard]] inline std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return LowerAscii(c); });
  return lower;
}

[[nodiscard]] inline bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return LowerAscii(x) == LowerAscii(y); });
}

inline constexpr std::string_view kAsciiSpace = " \t\r\n\v\f";

// Without spaces, tabs and line breaks at both ends.
[[nodiscard]] inline std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kAsciiSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kAsciiSpace) - first + 1);
}

}  // namespace hailo_clip::http
