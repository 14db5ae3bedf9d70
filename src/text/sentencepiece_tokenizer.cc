#include "text/sentencepiece_tokenizer.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "text/clean_text.h"
#include "text/sentencepiece_file.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kMaxModelBytes = std::size_t{32} << 20U;

// fairseq's numbers of its own tokens.
constexpr std::int32_t kFairseqStart = 0;
constexpr std::int32_t kFairseqEnd = 2;
constexpr std::int32_t kFairseqUnknown = 3;

}  // namespace

SentencePieceTokenizer::SentencePieceTokenizer(const TokenizerSpec& spec)
    : processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()), ids_(spec.ids), cleaning_(spec.clean) {}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

Result<std::unique_ptr<SentencePieceTokenizer>> SentencePieceTokenizer::Create(std::string_view model,
                                                                               const TokenizerSpec& spec) {
  HC_TRY(CheckSentencePieceFile(model));
  std::unique_ptr<SentencePieceTokenizer> tokenizer(new SentencePieceTokenizer(spec));
  try {
    const auto status = tokenizer->processor_->LoadFromSerializedProto(model);
    if (!status.ok()) return Fail(ErrorCode::kBadModel, "{}", status.ToString());
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kBadModel, "{}", error.what());
  }
  if (spec.ids == SentencePieceIds::kT5 && tokenizer->processor_->eos_id() < 0)
    return Fail(ErrorCode::kBadModel, "it has no end token, </s>");
  return tokenizer;
}

// fairseq leaves out the model's first three pieces (<unk>, <s>, </s>) and counts from 4, after its own four tokens.
std::int32_t SentencePieceTokenizer::IdOf(int piece) const {
  if (ids_ == SentencePieceIds::kT5) return piece;
  return piece == processor_->unk_id() ? kFairseqUnknown : piece + 1;
}

Tokens SentencePieceTokenizer::Encode(std::string_view text, int context_length) const {
  const auto room = static_cast<std::size_t>(std::max(context_length, 2)) - 1;  // the end token has the last place
  const bool fairseq = ids_ == SentencePieceIds::kXlmRoberta;
  std::vector<int> pieces;
  // It fails only for options that are not given here.
  static_cast<void>(processor_->Encode(CleanText(text, cleaning_), &pieces));
  Tokens tokens;
  if (fairseq) tokens.ids.push_back(kFairseqStart);
  for (const int piece : pieces) {
    tokens.truncated = tokens.ids.size() == room;
    if (tokens.truncated) break;
    tokens.ids.push_back(IdOf(piece));
  }
  tokens.ids.push_back(fairseq ? kFairseqEnd : processor_->eos_id());
  return tokens;
}

int SentencePieceTokenizer::vocabulary_size() const {
  return processor_->GetPieceSize() + (ids_ == SentencePieceIds::kXlmRoberta ? 1 : 0);
}

Result<std::unique_ptr<Tokenizer>> CreateSentencePieceTokenizer(const TokenizerSpec& spec,
                                                                const std::filesystem::path& folder) {
  if (spec.files.size() != 1)
    return Fail(ErrorCode::kBadModel, "a SentencePiece tokenizer has one file; {} are named", spec.files.size());
  const std::filesystem::path path = folder / spec.files.front();
  const auto content = ReadFile(path, kMaxModelBytes);
  if (!content.has_value()) return Fail(ErrorCode::kBadModel, "{}", content.error().message);
  auto tokenizer = SentencePieceTokenizer::Create(*content, spec);
  if (!tokenizer.has_value())
    return Fail(ErrorCode::kBadModel, "tokenizer file {}: {}; fetch it again from where the model came from",
                path.string(), tokenizer.error().message);
  return *std::move(tokenizer);
}

}  // namespace hailo_clip
