// CLIP's tokenizer: lower-cased words, byte pair encoding.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/clip_vocabulary.h"
#include "text/tokenizer.h"
#include "text/word_cache.h"

namespace hailo_clip {

// Ids as Hugging Face's tokenizers gives them for openai/clip-vit-base-patch32, cut as OpenAI's tokenize does.
class ClipBpeTokenizer final : public Tokenizer {
 public:
  explicit ClipBpeTokenizer(ClipVocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}

  // Encode stops at the first token that does not fit: its time depends on the text's length only through the
  // normal form and its longest word. `context_length` below 2 counts as 2.
  [[nodiscard]] Tokens Encode(std::string_view text, int context_length) const override;
  [[nodiscard]] int vocabulary_size() const override { return vocabulary_.size; }

 private:
  class Encoding;

  ClipVocabulary vocabulary_;
  mutable WordCache cache_;
};

// Reads the files of a TokenizerSpec of kClipBpe, in any of its four forms.
[[nodiscard]] Result<std::unique_ptr<Tokenizer>> CreateClipBpeTokenizer(const std::vector<std::string>& files,
                                                                        const std::filesystem::path& folder);

}  // namespace hailo_clip
