// Text to token ids: the contract that every tokenizer of this project keeps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hailo_clip {

struct Tokens {
  std::vector<std::int32_t> ids;  // with the start and the end token, at most `context_length`, not padded
  bool truncated = false;         // the text did not fit: ids were cut, the end token kept in the last place
};

// Immutable once built (a bounded internal cache aside); thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Any bytes are accepted: text that is not UTF-8 has each bad byte replaced by U+FFFD.
  [[nodiscard]] virtual Tokens Encode(std::string_view text, int context_length) const = 0;
  [[nodiscard]] virtual int vocabulary_size() const = 0;
};

enum class TokenizerKind { kClipBpe, kWordPiece, kSentencePiece };

// How the pieces of a SentencePiece model become token ids.
enum class SentencePieceIds {
  kT5,             // the model's own numbers; ends with </s>
  kXlmRoberta,     // fairseq's: <s> 0, <pad> 1, </s> 2, <unk> 3, all others one more than in the model; <s> ... </s>
  kTokenizerJson,  // numbers, what is put around a text and what is done to it before: as a tokenizer.json says
};

// What is done to a text before SentencePiece sees it.
enum class TextCleaning {
  kNone,
  kLowerCase,  // SigLIP 2
  kSiglip,     // lower case, no ASCII punctuation, runs of white space are one space, none at the ends
  kOpenClip,   // the same, but "_" is a space ("canonicalize" of open_clip)
};

// What a model's manifest says of its tokenizer.
struct TokenizerSpec {
  TokenizerKind kind = TokenizerKind::kClipBpe;
  // Relative to the model's folder.
  // kClipBpe: {tokenizer.json}, {vocab.json, merges.txt}, {bpe_simple_vocab_16e6.txt.gz} or {merges.txt} (ids then
  // follow from the order of the merges: 256 bytes, 256 bytes with </w>, the merges, start, end).
  // kWordPiece: {vocab.txt}, one token a line. kSentencePiece: {the model}, whatever its name, or with kTokenizerJson a
  // tokenizer.json.
  std::vector<std::string> files = {};
  bool lower_case = false;                       // kWordPiece: lower case, and accents are taken off
  SentencePieceIds ids = SentencePieceIds::kT5;  // kSentencePiece
  TextCleaning clean = TextCleaning::kNone;      // kSentencePiece
};

// kBadModel with the file and what is wrong in it, if the files cannot be understood.
[[nodiscard]] Result<std::unique_ptr<Tokenizer>> CreateTokenizer(const TokenizerSpec& spec,
                                                                 const std::filesystem::path& folder);

}  // namespace hailo_clip
