#include "text/wordpiece.h"

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "text/bert_words.h"
#include "text/token_ids.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kMaxTokens = 1'000'000;
constexpr std::size_t kMaxCharacters = 100;
constexpr std::string_view kInsideWord = "##";
constexpr std::array<std::string_view, 5> kSpecialTokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

}  // namespace

Result<WordPieceTokenizer> WordPieceTokenizer::Create(std::string_view vocabulary, bool lower_case) {
  WordPieceTokenizer tokenizer;
  tokenizer.lower_case_ = lower_case;
  while (!vocabulary.empty()) {
    const std::size_t end = vocabulary.find('\n');
    std::string_view token = vocabulary.substr(0, end);
    vocabulary.remove_prefix(end == std::string_view::npos ? vocabulary.size() : end + 1);
    if (token.ends_with('\r')) token.remove_suffix(1);
    const auto id = static_cast<std::int32_t>(tokenizer.ids_.size());
    if (tokenizer.ids_.size() == kMaxTokens) return Fail(ErrorCode::kBadModel, "it has over {} tokens", kMaxTokens);
    if (!tokenizer.ids_.emplace(token, id).second)
      return Fail(ErrorCode::kBadModel, "token {} is there twice", QuotedToken(token));
    tokenizer.longest_ = std::max(tokenizer.longest_, token.size());
  }
  for (const auto& [text, id] : {std::pair<std::string_view, std::int32_t*>{"[UNK]", &tokenizer.unknown_},
                                 {"[CLS]", &tokenizer.start_},
                                 {"[SEP]", &tokenizer.end_}}) {
    const auto found = tokenizer.ids_.find(text);
    if (found == tokenizer.ids_.end()) return Fail(ErrorCode::kBadModel, "the token {} is missing", text);
    *id = found->second;
  }
  return tokenizer;
}

Tokens WordPieceTokenizer::Encode(std::string_view text, int context_length) const {
  const auto room = static_cast<std::size_t>(std::max(context_length, 2)) - 1;  // the end token has the last place
  Tokens tokens;
  tokens.ids.push_back(start_);
  while (tokens.ids.size() <= room) {
    std::size_t at = std::string_view::npos;
    std::string_view special;
    for (const std::string_view token : kSpecialTokens) {
      if (!ids_.contains(token)) continue;
      if (const std::size_t position = text.find(token); position < at) {
        at = position;
        special = token;
      }
    }
    AddWords(text.substr(0, at), room, tokens.ids);
    if (special.empty()) break;
    tokens.ids.push_back(ids_.find(special)->second);
    text.remove_prefix(at + special.size());
  }
  if (tokens.ids.size() > room) {
    tokens.ids.resize(room);
    tokens.truncated = true;
  }
  tokens.ids.push_back(end_);
  return tokens;
}

void WordPieceTokenizer::AddWords(std::string_view text, std::size_t room, std::vector<std::int32_t>& ids) const {
  ForEachBertWord(text, lower_case_, kMaxCharacters, [&](const BertWord& word) {
    if (word.characters > kMaxCharacters) {
      ids.push_back(unknown_);
    } else {
      AddPieces(word.text, ids);
    }
    return ids.size() <= room;
  });
}

// The longest piece that the rest of the word begins with, again and again; if there is none, all of it is [UNK].
void WordPieceTokenizer::AddPieces(std::string_view word, std::vector<std::int32_t>& ids) const {
  const std::size_t before = ids.size();
  std::string piece;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t prefix = at == 0 ? 0 : kInsideWord.size();
    piece.assign(kInsideWord.substr(0, prefix)).append(word.substr(at, longest_));
    auto found = ids_.end();
    while (piece.size() > prefix && (found = ids_.find(piece)) == ids_.end()) piece.pop_back();
    if (found == ids_.end()) {
      ids.resize(before);
      ids.push_back(unknown_);
      return;
    }
    ids.push_back(found->second);
    at += piece.size() - prefix;
  }
}

Result<std::unique_ptr<Tokenizer>> CreateWordPieceTokenizer(const TokenizerSpec& spec,
                                                            const std::filesystem::path& folder) {
  if (spec.files.size() != 1)
    return Fail(ErrorCode::kBadModel, "a WordPiece tokenizer has one file, vocab.txt; {} are named", spec.files.size());
  const std::filesystem::path path = folder / spec.files.front();
  const auto content = ReadFile(path, kMaxVocabularyBytes);
  if (!content.has_value()) return Fail(ErrorCode::kBadModel, "{}", content.error().message);
  auto tokenizer = WordPieceTokenizer::Create(*content, spec.lower_case);
  if (!tokenizer.has_value())
    return Fail(ErrorCode::kBadModel,
                "tokenizer file {}: {}; it must have one token of a BERT vocabulary a line: fetch it again from where "
                "the model came from",
                path.string(), tokenizer.error().message);
  return std::make_unique<WordPieceTokenizer>(*std::move(tokenizer));
}

}  // namespace hailo_clip
