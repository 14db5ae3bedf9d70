// Hugging Face's tokenizer.json where it describes a SentencePiece model (XLM-Roberta, T5, Gemma, NLLB).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/text_steps.h"

namespace hailo_clip {

struct TokenizerJson {
  std::string model;                     // a SentencePiece model
  std::vector<TextStep> steps;           // what is done to a text before
  std::vector<std::int32_t> begin, end;  // put around its ids
};

// kBadModel with the key of the first thing that is not understood.
[[nodiscard]] Result<TokenizerJson> ReadSentencePieceJson(std::string_view json);

// What an importer asks of any tokenizer.json.
struct TokenizerJsonFacts {
  std::string type;                           // "BPE", "Unigram", "WordPiece", ...; empty if it is not said
  std::map<std::string, std::int64_t> added;  // the ids of added_tokens
};
[[nodiscard]] Result<TokenizerJsonFacts> ReadTokenizerJsonFacts(const std::filesystem::path& file);

// Gemma's has 34 MB.
inline constexpr std::size_t kMaxTokenizerJsonBytes = std::size_t{64} << 20U;

}  // namespace hailo_clip
