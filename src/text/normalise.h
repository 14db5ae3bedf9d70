// What CLIP's tokenizer does to text before it looks for words.
#pragma once

#include <string>
#include <string_view>

namespace hailo_clip {

// Appends `text` in Unicode's normal form C and then in lower case, character by character (no final sigma, no
// normal form afterwards), as Hugging Face's CLIP tokenizer does. Bytes that are not UTF-8 become U+FFFD each.
// Runs of white space stay as they are: they only part words, and nothing composes with white space.
// O(n log n) for any input. ASCII text takes a short cut with the same result.
void AppendNormalised(std::string_view text, std::string& out);

namespace internal {
// The long way, for ASCII too: what a test compares the short cut with.
void AppendNormalisedUnicode(std::string_view text, std::string& out);
}  // namespace internal

}  // namespace hailo_clip
