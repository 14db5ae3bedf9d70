// BERT's tokenizer: words, each cut into the longest pieces of a vocabulary.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "text/tokenizer.h"

namespace hailo_clip {

// Ids as Hugging Face's tokenizers gives them for BERT models: [CLS] ... [SEP]. A word of more than 100 characters, or
// one that cannot be cut into pieces, is [UNK]. "[CLS]", "[SEP]", "[MASK]", "[PAD]" and "[UNK]" in a text are those
// tokens.
class WordPieceTokenizer final : public Tokenizer {
 public:
  // `vocabulary`: one token a line, the number of the line is its id. kBadModel if a token is there twice or one of
  // [UNK], [CLS] and [SEP] is missing.
  [[nodiscard]] static Result<WordPieceTokenizer> Create(std::string_view vocabulary, bool lower_case);

  // Stops at the first piece that does not fit. `context_length` below 2 counts as 2.
  [[nodiscard]] Tokens Encode(std::string_view text, int context_length) const override;
  [[nodiscard]] int vocabulary_size() const override { return static_cast<int>(ids_.size()); }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Ids = std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>>;

  WordPieceTokenizer() = default;
  void AddWords(std::string_view text, std::size_t room, std::vector<std::int32_t>& ids) const;
  void AddPieces(std::string_view word, std::vector<std::int32_t>& ids) const;

  Ids ids_;
  std::size_t longest_ = 0;  // bytes of the longest token
  bool lower_case_ = false;
  std::int32_t unknown_ = 0;
  std::int32_t start_ = 0;
  std::int32_t end_ = 0;
};

// Reads the file of a TokenizerSpec of kWordPiece.
[[nodiscard]] Result<std::unique_ptr<Tokenizer>> CreateWordPieceTokenizer(const TokenizerSpec& spec,
                                                                          const std::filesystem::path& folder);

}  // namespace hailo_clip
