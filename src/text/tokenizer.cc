#include "text/tokenizer.h"

#include "text/clip_bpe.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/wordpiece.h"

namespace hailo_clip {

// One file a kind.
Result<std::unique_ptr<Tokenizer>> CreateTokenizer(const TokenizerSpec& spec, const std::filesystem::path& folder) {
  switch (spec.kind) {
    case TokenizerKind::kClipBpe: return CreateClipBpeTokenizer(spec.files, folder);
    case TokenizerKind::kWordPiece: return CreateWordPieceTokenizer(spec, folder);
    case TokenizerKind::kSentencePiece: return CreateSentencePieceTokenizer(spec, folder);
  }
  return Fail(ErrorCode::kInternal, "a tokenizer kind without a reader");
}

}  // namespace hailo_clip
