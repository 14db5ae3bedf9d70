// What is done to a text before SentencePiece sees it.
#pragma once

#include <string>
#include <string_view>

#include "text/tokenizer.h"

namespace hailo_clip {

// Valid UTF-8: each bad byte is U+FFFD. The cleanings are described at TextCleaning; lower case is character by
// character (no final sigma), white space is Unicode's and U+2581, SentencePiece's own mark for a space.
[[nodiscard]] std::string CleanText(std::string_view text, TextCleaning cleaning);

}  // namespace hailo_clip
