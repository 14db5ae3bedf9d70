// Cuts text into the words of BERT's tokenizer: at white space, around each punctuation mark and each ideograph.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace hailo_clip {

struct BertWord {
  std::string text;            // UTF-8, not empty
  std::size_t characters = 0;  // code points; of a word beyond `max_characters` one more than that, and its text is cut
};

// Calls on_word for each word in order, until it returns false. Control characters are dropped. With `lower_case` each
// code point is decomposed (NFD), accents are dropped and the rest is put in lower case, as BERT's "uncased" models
// have it. Bad bytes count as U+FFFD, which is dropped too. Memory is bounded by `max_characters`.
void ForEachBertWord(std::string_view text, bool lower_case, std::size_t max_characters,
                     const std::function<bool(const BertWord&)>& on_word);

}  // namespace hailo_clip
