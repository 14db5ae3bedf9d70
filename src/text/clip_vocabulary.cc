#include "text/clip_vocabulary.h"

#include <array>
#include <utility>

#include "text/unicode.h"

namespace hailo_clip {
namespace {

constexpr std::string_view kEndOfWord = "</w>";

// GPT-2's stand-ins, which CLIP's vocabulary uses: a byte that is printable in Latin-1 is its own character, the
// others are U+0100 and up, in order. Ids follow the same order: the printable ones first.
struct ByteAlphabet {
  std::array<unsigned char, 256> byte_of_id{};
  std::array<std::string, 256> text_of_id;
};

ByteAlphabet MakeByteAlphabet() {
  const auto printable = [](unsigned byte) {
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
  };
  ByteAlphabet alphabet;
  std::size_t id = 0;
  char32_t stand_in = 0x100;
  for (const bool wanted : {true, false}) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (printable(byte) != wanted) continue;
      alphabet.byte_of_id[id] = static_cast<unsigned char>(byte);
      AppendUtf8(wanted ? byte : stand_in++, alphabet.text_of_id[id]);
      ++id;
    }
  }
  return alphabet;
}

}  // namespace

SpecialToken DefaultStartToken() { return {.text = "<|startoftext|>", .id = 0, .normalised = true}; }
SpecialToken DefaultEndToken() { return {.text = "<|endoftext|>", .id = 0, .normalised = false}; }

Status ClipVocabularyBuilder::AddByteTokens() {
  const ByteAlphabet alphabet = MakeByteAlphabet();
  std::int64_t id = 0;
  for (const std::string& text : alphabet.text_of_id) HC_TRY(AddToken(text, id++));
  for (const std::string& text : alphabet.text_of_id) HC_TRY(AddToken(fmt::format("{}{}", text, kEndOfWord), id++));
  return {};
}

Status ClipVocabularyBuilder::AddMerge(std::string_view left, std::string_view right) {
  joined_.assign(left).append(right);
  const auto left_id = ids_.Find(left), right_id = ids_.Find(right), joined_id = ids_.Find(joined_);
  for (const auto& [id, token] : {std::pair(left_id, left), {right_id, right}, {joined_id, joined_}}) {
    if (!id)
      return Fail(ErrorCode::kBadModel, "merge {} ({} with {}) needs the token {}, which is missing",
                  merges_.size() + 1, QuotedToken(left), QuotedToken(right), QuotedToken(token));
  }
  if (!merges_.Add(*left_id, *right_id, *joined_id))
    return Fail(ErrorCode::kBadModel, "merge {} ({} with {}) is there twice or one too many", merges_.size() + 1,
                QuotedToken(left), QuotedToken(right));
  return {};
}

Status ClipVocabularyBuilder::AddMergeAndToken(std::string_view left, std::string_view right) {
  joined_.assign(left).append(right);
  HC_TRY(AddToken(joined_, ids_.largest_id() + 1));
  return AddMerge(left, right);
}

Result<ClipVocabulary> ClipVocabularyBuilder::Finish(SpecialToken start, SpecialToken end) {
  const auto find = [this](std::string_view token, BpeId& id) -> Status {
    const auto found = ids_.Find(token);
    if (!found) return Fail(ErrorCode::kBadModel, "the token {} is missing", QuotedToken(token));
    id = *found;
    return {};
  };
  ClipVocabulary vocabulary;
  const ByteAlphabet alphabet = MakeByteAlphabet();
  for (std::size_t i = 0; i < 256; ++i) {
    const std::size_t byte = alphabet.byte_of_id[i];
    const std::string& text = alphabet.text_of_id[i];
    HC_TRY(find(text, vocabulary.rules.bytes[byte]));
    HC_TRY(find(fmt::format("{}{}", text, kEndOfWord), vocabulary.rules.last_bytes[byte]));
  }
  HC_TRY(find(start.text, start.id));
  HC_TRY(find(end.text, end.id));
  vocabulary.start = std::move(start);
  vocabulary.end = std::move(end);
  vocabulary.size = ids_.largest_id() + 1;
  vocabulary.rules.merges = std::exchange(merges_, {});
  ids_ = {};
  return vocabulary;
}

}  // namespace hailo_clip
