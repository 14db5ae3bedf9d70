#include "text/tokenizer.h"

#include "text/clip_bpe.h"

namespace hailo_clip {

// One file a kind: WordPiece and SentencePiece join as cases here.
Result<std::unique_ptr<Tokenizer>> CreateTokenizer(const TokenizerSpec& spec, const std::filesystem::path& folder) {
  switch (spec.kind) {
    case TokenizerKind::kClipBpe: return CreateClipBpeTokenizer(spec.files, folder);
  }
  return Fail(ErrorCode::kInternal, "a tokenizer kind without a reader");
}

}  // namespace hailo_clip
