// SentencePiece models and tokenizer.json files of that kind, from bytes. What passes our check must not crash the
// library, and must then encode.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text/sentencepiece_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hailo_clip;
  if (size == 0) return 0;
  constexpr std::array ids = {SentencePieceIds::kT5, SentencePieceIds::kXlmRoberta, SentencePieceIds::kTokenizerJson};
  const TokenizerSpec spec{
      .kind = TokenizerKind::kSentencePiece, .ids = ids[data[0] % ids.size()], .clean = TextCleaning::kSiglip};
  const auto tokenizer = SentencePieceTokenizer::Create({reinterpret_cast<const char*>(data + 1), size - 1}, spec);
  if (!tokenizer.has_value()) return 0;
  const Tokens tokens = (*tokenizer)->Encode("A photo of the \u00C9iffel tower\uFF0C at night; it's 42.\xFF", 64);
  if (tokens.ids.empty() || tokens.ids.size() > 64) std::abort();
  if (std::ranges::any_of(tokens.ids, [](int id) { return id < 0; })) std::abort();
  return 0;
}
