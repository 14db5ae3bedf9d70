// What a tokenizer.json does to a text before the model cuts it: its normalizer and pre_tokenizer as a list of steps.
#pragma once

#include <simdjson.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hailo_clip {

// UTF-8 to UTF-8. Thread-safe.
using TextStep = std::function<std::string(std::string_view)>;

struct TextSteps {
  std::vector<TextStep> steps;  // in this order
  // The pre_tokenizer cuts the text in front of each "\u2581": no piece of the model reaches beyond.
  bool cuts_words = false;
  // A "\u2581" is put in front of the text.
  bool adds_prefix = false;
};

// kBadModel with the path of the first key that is not understood. Understood are, of normalizers: Sequence, Lowercase,
// Strip, Prepend, Precompiled, Replace of a string, of runs of (white) space, or of ASCII punctuation; of
// pre_tokenizers: Metaspace with "\u2581", before it WhitespaceSplit, and a Split at spaces where none is left.
[[nodiscard]] Result<TextSteps> ReadTextSteps(const simdjson::dom::element& normalizer,
                                              const simdjson::dom::element& pre_tokenizer);

}  // namespace hailo_clip
