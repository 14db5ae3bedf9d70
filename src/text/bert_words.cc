#include "text/bert_words.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "text/unicode.h"

namespace hailo_clip {
namespace {

struct CodeRange {
  char32_t first, last;
};

#include "text/bert_tables.inc"

template <std::size_t size>
bool IsIn(const CodeRange (&ranges)[size], char32_t code_point) {
  const CodeRange* found = std::ranges::lower_bound(ranges, code_point, {}, &CodeRange::last);
  return found != std::end(ranges) && found->first <= code_point;
}

// The one canonical decomposition that came after the reference's Unicode.
constexpr char32_t kAddedPair = 0x11938;

class WordCutter {
 public:
  WordCutter(bool lower_case, std::size_t max_characters, const std::function<bool(const BertWord&)>& on_word)
      : lower_case_(lower_case), max_characters_(max_characters), on_word_(on_word) {}

  // False once on_word has had enough.
  bool Add(char32_t code_point) {
    if (IsIn(kRemovedRanges, code_point)) return true;
    if (IsIn(kSpaceRanges, code_point)) return EndWord();
    const bool alone = IsIn(kIdeographRanges, code_point);
    if (alone && !EndWord()) return false;
    if (!AddNormalised(code_point)) return false;
    return !alone || EndWord();
  }

  bool EndWord() {
    if (word_.characters == 0) return true;
    const bool more = on_word_(word_);
    word_.text.clear();
    word_.characters = 0;
    return more;
  }

 private:
  // Marks keep the order that they have: those that are left after this are not worth a sort.
  bool AddNormalised(char32_t code_point) {
    if (!lower_case_) return AddPlain(code_point);
    std::array<utf8proc_int32_t, 8> parts{static_cast<utf8proc_int32_t>(code_point)};
    std::size_t count = 1;
    if (code_point >= 0x80 && code_point != kAddedPair) {
      constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
      const auto found = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code_point), parts.data(),
                                                 std::ssize(parts), options, nullptr);
      count = static_cast<std::size_t>(std::clamp<utf8proc_ssize_t>(found, 1, std::ssize(parts)));
    }
    for (const utf8proc_int32_t part : std::span(parts).first(count)) {
      const auto one = static_cast<char32_t>(part);
      if (!IsIn(kAccentRanges, one) && !AddPlain(LowerCodePoint(one))) return false;
    }
    return true;
  }

  bool AddPlain(char32_t code_point) {
    const bool alone = IsIn(kPunctuationRanges, code_point);
    if (alone && !EndWord()) return false;
    if (word_.characters < max_characters_) AppendUtf8(code_point, word_.text);
    word_.characters = std::min(word_.characters + 1, max_characters_ + 1);
    return !alone || EndWord();
  }

  const bool lower_case_;
  const std::size_t max_characters_;
  const std::function<bool(const BertWord&)>& on_word_;
  BertWord word_;
};

}  // namespace

void ForEachBertWord(std::string_view text, bool lower_case, std::size_t max_characters,
                     const std::function<bool(const BertWord&)>& on_word) {
  WordCutter cutter(lower_case, max_characters, on_word);
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar decoded = DecodeUtf8(text, at);
    at += decoded.size;
    if (!cutter.Add(decoded.code_point)) return;
  }
  cutter.EndWord();
}

}  // namespace hailo_clip
