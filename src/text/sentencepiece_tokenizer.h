// SentencePiece models (unigram or BPE) through Google's library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/text_steps.h"
#include "text/tokenizer.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace hailo_clip {

// Ids as the library gives them for the cleaned text, numbered and framed as TokenizerSpec::ids says. Nothing in a text
// counts as a special token. Thread-safe: the library's model is not changed once it is loaded.
class SentencePieceTokenizer final : public Tokenizer {
 public:
  // `model`: the content of the file, a SentencePiece model or, as spec.ids says, a tokenizer.json. kBadModel if it is
  // damaged or lacks the tokens that `spec.ids` puts around texts.
  [[nodiscard]] static Result<std::unique_ptr<SentencePieceTokenizer>> Create(std::string_view model,
                                                                              const TokenizerSpec& spec);
  ~SentencePieceTokenizer() override;

  // The whole text is cut into pieces, however long it is. `context_length` below 2 counts as 2.
  [[nodiscard]] Tokens Encode(std::string_view text, int context_length) const override;
  [[nodiscard]] int vocabulary_size() const override;

 private:
  explicit SentencePieceTokenizer(const TokenizerSpec& spec);
  [[nodiscard]] Status Load(std::string_view model);
  [[nodiscard]] Status Frame();
  [[nodiscard]] std::int32_t IdOf(int piece) const;

  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  const SentencePieceIds ids_;
  const TextCleaning cleaning_;
  std::vector<TextStep> steps_;            // of a tokenizer.json
  std::vector<std::int32_t> begin_, end_;  // around the ids
};

// Reads the file of a TokenizerSpec of kSentencePiece.
[[nodiscard]] Result<std::unique_ptr<Tokenizer>> CreateSentencePieceTokenizer(const TokenizerSpec& spec,
                                                                              const std::filesystem::path& folder);

}  // namespace hailo_clip
