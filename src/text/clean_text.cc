#include "text/clean_text.h"

#include "text/unicode.h"

namespace hailo_clip {
namespace {

constexpr char32_t kSpaceMark = 0x2581;

// Python's \s has four separators more than Unicode's white space.
bool IsSpace(char32_t code_point) {
  return ClassOf(code_point) == CharClass::kSpace || (code_point >= 0x1C && code_point <= 0x1F) ||
         code_point == kSpaceMark;
}

bool IsAsciiPunctuation(char32_t code_point) {
  return code_point > 0x20 && code_point < 0x7F && ClassOf(code_point) == CharClass::kOther;
}

void AppendLower(char32_t code_point, std::string& out) {
  if (code_point == 0x130) {
    out += "i\u0307";
  } else {
    AppendUtf8(LowerCodePoint(code_point), out);
  }
}

}  // namespace

std::string CleanText(std::string_view text, TextCleaning cleaning) {
  std::string clean;
  clean.reserve(text.size());
  bool space = false;  // waits for something to stand between
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar decoded = DecodeUtf8(text, at);
    at += decoded.size;
    const char32_t c = decoded.code_point;
    if (cleaning == TextCleaning::kNone) {
      AppendUtf8(c, clean);
    } else if (cleaning == TextCleaning::kLowerCase) {
      AppendLower(c, clean);
    } else if (IsSpace(c) || (c == '_' && cleaning == TextCleaning::kOpenClip)) {
      space = true;
    } else if (!IsAsciiPunctuation(c)) {
      if (space && !clean.empty()) clean.push_back(' ');
      space = false;
      AppendLower(c, clean);
    }
  }
  return clean;
}

}  // namespace hailo_clip
