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
#include "text/tokenizer_json.h"

namespace hailo_clip {
namespace {

// fairseq's numbers of its own tokens.
constexpr std::int32_t kFairseqStart = 0;
constexpr std::int32_t kFairseqEnd = 2;
constexpr std::int32_t kFairseqUnknown = 3;

// Of a text between the steps of a tokenizer.json, which may replace a character by several, again and again. Far more
// than any context holds.
constexpr std::size_t kMaxCleanBytes = std::size_t{1} << 20U;

}  // namespace

SentencePieceTokenizer::SentencePieceTokenizer(const TokenizerSpec& spec)
    : processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()), ids_(spec.ids), cleaning_(spec.clean) {}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

Result<std::unique_ptr<SentencePieceTokenizer>> SentencePieceTokenizer::Create(std::string_view model,
                                                                               const TokenizerSpec& spec) {
  std::unique_ptr<SentencePieceTokenizer> tokenizer(new SentencePieceTokenizer(spec));
  if (spec.ids == SentencePieceIds::kTokenizerJson) {
    HC_ASSIGN(TokenizerJson json, ReadSentencePieceJson(model));
    tokenizer->steps_ = std::move(json.steps);
    tokenizer->begin_ = std::move(json.begin);
    tokenizer->end_ = std::move(json.end);
    HC_TRY(tokenizer->Load(json.model));
  } else {
    HC_TRY(tokenizer->Load(model));
  }
  HC_TRY(tokenizer->Frame());
  return tokenizer;
}

Status SentencePieceTokenizer::Load(std::string_view model) {
  HC_TRY(CheckSentencePieceFile(model));
  try {
    const auto status = processor_->LoadFromSerializedProto(model);
    if (!status.ok()) return Fail(ErrorCode::kBadModel, "{}", status.ToString());
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kBadModel, "{}", error.what());
  }
  return {};
}

Status SentencePieceTokenizer::Frame() {
  switch (ids_) {
    case SentencePieceIds::kT5:
      if (processor_->eos_id() < 0) return Fail(ErrorCode::kBadModel, "it has no end token, </s>");
      end_ = {processor_->eos_id()};
      break;
    case SentencePieceIds::kXlmRoberta:
      begin_ = {kFairseqStart};
      end_ = {kFairseqEnd};
      break;
    case SentencePieceIds::kTokenizerJson:
      if (begin_.empty() && end_.empty())
        return Fail(ErrorCode::kBadModel, "post_processor puts no token around a text: an empty one would have none");
      for (const auto& ids : {begin_, end_})
        if (std::ranges::any_of(ids, [this](int id) { return id >= processor_->GetPieceSize(); }))
          return Fail(ErrorCode::kBadModel, "post_processor has an id that no token has");
  }
  return {};
}

// fairseq leaves out the model's first three pieces (<unk>, <s>, </s>) and counts from 4, after its own four tokens.
std::int32_t SentencePieceTokenizer::IdOf(int piece) const {
  if (ids_ != SentencePieceIds::kXlmRoberta) return piece;
  return piece == processor_->unk_id() ? kFairseqUnknown : piece + 1;
}

Tokens SentencePieceTokenizer::Encode(std::string_view text, int context_length) const {
  const std::size_t frame = begin_.size() + end_.size();
  const std::size_t room = std::max(static_cast<std::size_t>(std::max(context_length, 2)), frame) - end_.size();
  std::string clean = CleanText(text, cleaning_);
  for (const TextStep& step : steps_) {
    clean = step(clean);
    if (clean.size() > kMaxCleanBytes) clean.resize(kMaxCleanBytes);
  }
  std::vector<int> pieces;
  // It fails only for options that are not given here.
  static_cast<void>(processor_->Encode(clean, &pieces));
  Tokens tokens;
  tokens.ids = begin_;
  for (const int piece : pieces) {
    tokens.truncated = tokens.ids.size() == room;
    if (tokens.truncated) break;
    tokens.ids.push_back(IdOf(piece));
  }
  tokens.ids.insert(tokens.ids.end(), end_.begin(), end_.end());
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
  const auto content = ReadFile(path, kMaxTokenizerJsonBytes);
  if (!content.has_value()) return Fail(ErrorCode::kBadModel, "{}", content.error().message);
  auto tokenizer = SentencePieceTokenizer::Create(*content, spec);
  if (!tokenizer.has_value())
    return Fail(ErrorCode::kBadModel, "tokenizer file {}: {}; fetch it again from where the model came from",
                path.string(), tokenizer.error().message);
  return *std::move(tokenizer);
}

}  // namespace hailo_clip
