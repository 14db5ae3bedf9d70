#include "text/sentencepiece_pieces.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/json_match.h"
#include "text/proto_writer.h"
#include "text/sentencepiece_file.h"
#include "text/token_ids.h"

namespace hailo_clip {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxMerges = 8'000'000;

// ModelProto.SentencePiece.Type
enum class PieceType : std::uint8_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kByte = 6 };

struct Piece {
  std::string_view text;
  float score = 0;
  PieceType type = PieceType::kNormal;
  std::uint32_t merges = 0;      // that make it
  std::uint32_t first_rank = 0;  // of those
};

std::unexpected<Error> Bad(std::string_view why) { return Fail(ErrorCode::kBadModel, "{}", why); }

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; }

bool IsOneCharacter(std::string_view text) {
  return std::ranges::count_if(text, [](char byte) { return !IsContinuation(byte); }) == 1;
}

// The byte that "<0x41>" stands for.
std::optional<char> ByteOf(std::string_view text) {
  unsigned value = 0;
  if (text.size() != 6 || !text.starts_with("<0x") || text.back() != '>') return std::nullopt;
  const auto end = std::from_chars(text.data() + 3, text.data() + 5, value, 16);
  if (end.ec != std::errc() || end.ptr != text.data() + 5) return std::nullopt;
  return static_cast<char>(value);
}

// Whether `text` is the byte that `byte_piece` is named after: converters give both one id.
bool IsAlias(std::string_view text, std::string_view byte_piece) {
  const auto byte = ByteOf(byte_piece);
  return byte.has_value() && text == std::string_view(&*byte, 1);
}

// False if it is left out or null.
template <typename Object>
Result<bool> Flag(const Object& object, std::string_view path, std::string_view key) {
  bool flag = false;
  dom::element value;
  if (object[key].get(value) != simdjson::SUCCESS || value.is_null()) return false;
  if (value.get(flag) != simdjson::SUCCESS)
    return Fail(ErrorCode::kBadModel, "{}.{} is neither true nor false", path, key);
  return flag;
}

class Pieces {
 public:
  void Reserve(std::size_t count) { ids_.reserve(std::min(count, kMaxPieces)); }

  Status Add(std::string_view text, std::int64_t id, float score) {
    if (id < 0 || id >= static_cast<std::int64_t>(kMaxPieces))
      return Fail(ErrorCode::kBadModel, "token {} has the id {}, which is not in 0..{}", QuotedToken(text), id,
                  kMaxPieces - 1);
    const auto index = static_cast<std::size_t>(id);
    const auto [known, is_new] = ids_.emplace(text, static_cast<std::uint32_t>(id));
    if (!is_new && known->second == index) return {};  // added_tokens repeat the vocabulary
    if (!is_new) return Fail(ErrorCode::kBadModel, "token {} is there twice", QuotedToken(text));
    if (index >= pieces_.size()) pieces_.resize(index + 1);
    Piece& piece = pieces_[index];
    if (piece.text.empty() || IsAlias(piece.text, text)) {
      piece.text = text;
      piece.score = score;
    } else if (!IsAlias(text, piece.text)) {
      return Fail(ErrorCode::kBadModel, "the id {} of token {} is given to another token too", id, QuotedToken(text));
    }
    return {};
  }
  [[nodiscard]] Piece* Find(std::string_view text) {
    const auto found = ids_.find(text);
    return found == ids_.end() ? nullptr : &pieces_[found->second];
  }
  [[nodiscard]] std::vector<Piece>& all() { return pieces_; }

 private:
  std::vector<Piece> pieces_;
  std::unordered_map<std::string_view, std::uint32_t> ids_;
};

Status ReadScoredVocabulary(const dom::object& model, Pieces& pieces) {
  dom::array vocab;
  if (model["vocab"].get(vocab) != simdjson::SUCCESS) return Bad("model.vocab is not a list");
  pieces.Reserve(vocab.size());
  std::int64_t id = 0;
  for (const dom::element entry : vocab) {
    dom::array pair;
    std::string_view text;
    double score = 0;
    if (entry.get(pair) != simdjson::SUCCESS || pair.size() != 2 || pair.at(0).get(text) != simdjson::SUCCESS ||
        pair.at(1).get(score) != simdjson::SUCCESS || !std::isfinite(static_cast<float>(score)))
      return Fail(ErrorCode::kBadModel, "model.vocab[{}] is not a token and its score", id);
    HC_TRY(pieces.Add(text, id++, static_cast<float>(score)));
  }
  std::int64_t unknown = 0;
  if (model["unk_id"].get(unknown) != simdjson::SUCCESS || unknown < 0 || unknown >= id)
    return Bad("model.unk_id is not the id of a token");
  pieces.all()[static_cast<std::size_t>(unknown)].type = PieceType::kUnknown;
  return {};
}

Status ReadVocabulary(const dom::object& model, Pieces& pieces) {
  dom::object vocab;
  if (model["vocab"].get(vocab) != simdjson::SUCCESS) return Bad("model.vocab is not an object");
  pieces.Reserve(vocab.size());
  for (const auto [text, value] : vocab) {
    std::int64_t id = 0;
    if (value.get(id) != simdjson::SUCCESS)
      return Fail(ErrorCode::kBadModel, "model.vocab: the id of token {} is not an integer", QuotedToken(text));
    HC_TRY(pieces.Add(text, id, 0));
  }
  std::string_view unknown;
  Piece* piece = nullptr;
  if (model["unk_token"].get(unknown) == simdjson::SUCCESS) piece = pieces.Find(unknown);
  if (piece == nullptr) return Bad("model.unk_token is not a token of model.vocab");
  piece->type = PieceType::kUnknown;
  return {};
}

Status ReadAddedTokens(const dom::element& added_tokens, Pieces& pieces) {
  if (added_tokens.is_null()) return {};
  dom::array array;
  if (added_tokens.get(array) != simdjson::SUCCESS) return Bad("added_tokens is not a list");
  std::size_t index = 0;
  for (const dom::element added : array) {
    const std::string path = fmt::format("added_tokens[{}]", index++);
    std::int64_t id = 0;
    std::string_view text;
    if (added["id"].get(id) != simdjson::SUCCESS || added["content"].get(text) != simdjson::SUCCESS)
      return Fail(ErrorCode::kBadModel, "{} has no id or no content", path);
    HC_ASSIGN(const bool special, Flag(added, path, "special"));
    HC_TRY(pieces.Add(text, id, 0));
    Piece& piece = *pieces.Find(text);
    if (piece.type == PieceType::kUnknown) continue;
    piece.type = special ? PieceType::kControl : PieceType::kUserDefined;
    for (const std::string_view key : {"single_word", "lstrip", "rstrip"}) {
      HC_ASSIGN(const bool set, Flag(added, path, key));
      if (set && !special) return Fail(ErrorCode::kBadModel, "{}.{} is true, which is not implemented", path, key);
    }
  }
  return {};
}

Status ReadMerges(const dom::object& model, Pieces& pieces) {
  dom::array merges;
  if (model["merges"].get(merges) != simdjson::SUCCESS) return Bad("model.merges is not a list");
  std::uint32_t rank = 0;
  std::string joined;
  for (const dom::element merge : merges) {
    const auto pair = ReadJsonMerge(merge);
    if (rank == kMaxMerges || !pair.has_value())
      return Fail(ErrorCode::kBadModel,
                  "model.merges[{}] is neither \"left right\" nor [\"left\", \"right\"], or one of too many", rank);
    joined.assign((*pair)[0]).append((*pair)[1]);
    Piece* piece = pieces.Find(joined);
    if (piece == nullptr || pieces.Find((*pair)[0]) == nullptr || pieces.Find((*pair)[1]) == nullptr)
      return Fail(ErrorCode::kBadModel, "model.merges[{}] is of tokens that are not in model.vocab", rank);
    if (piece->merges == 0) piece->first_rank = rank;
    if (piece->type == PieceType::kNormal && rank - piece->first_rank != piece->merges)
      return Fail(ErrorCode::kBadModel,
                  "model.merges[{}] stands apart from other merges that make {}: only files made from a SentencePiece "
                  "model can be read",
                  rank, QuotedToken(joined));
    ++piece->merges;
    ++rank;
  }
  return {};
}

// Pairs that SentencePiece would join and the file would not.
Status CheckMerges(Pieces& pieces) {
  for (const Piece& piece : pieces.all()) {
    if (piece.type != PieceType::kNormal || piece.merges == 0) continue;
    std::uint32_t cuts = 0;
    for (std::size_t at = 1; at < piece.text.size(); ++at) {
      if (IsContinuation(piece.text[at])) continue;
      if (pieces.Find(piece.text.substr(0, at)) != nullptr && pieces.Find(piece.text.substr(at)) != nullptr) ++cuts;
    }
    if (cuts != piece.merges)
      return Fail(ErrorCode::kBadModel,
                  "model.merges has {} ways to make {}, which can be cut in {}: only files made from a SentencePiece "
                  "model can be read",
                  piece.merges, QuotedToken(piece.text), cuts);
  }
  return {};
}

// Numbers of fields are those of sentencepiece_model.proto.
std::string Serialise(const std::vector<Piece>& pieces, bool bpe, bool byte_fallback) {
  ProtoWriter model;
  for (const Piece& piece : pieces) {
    ProtoWriter one;
    one.Bytes(1, piece.text);
    one.Float(2, piece.score);
    one.Number(3, static_cast<std::uint64_t>(piece.type));
    model.Bytes(1, one.Take());
  }
  ProtoWriter trainer;
  trainer.Number(3, bpe ? 2 : 1);
  trainer.Number(35, byte_fallback ? 1 : 0);
  model.Bytes(2, trainer.Take());
  ProtoWriter normalizer;
  normalizer.Bytes(1, "identity");
  for (const std::uint32_t field : {3U, 4U, 5U}) normalizer.Number(field, 0);  // prefix, extra spaces, marks for spaces
  model.Bytes(3, normalizer.Take());
  return model.Take();
}

// What is `false` or null when it is left out, and must be so.
Status CheckModel(const dom::object& model, bool bpe) {
  constexpr std::string_view unigram_keys = " type unk_id vocab byte_fallback ";
  constexpr std::string_view bpe_keys = " type vocab merges unk_token fuse_unk byte_fallback ";
  constexpr std::string_view off_keys = " dropout continuing_subword_prefix end_of_word_suffix ignore_merges ";
  for (const auto [key, value] : model) {
    const std::string word = fmt::format(" {} ", key.substr(0, 100));
    if ((bpe ? bpe_keys : unigram_keys).find(word) != std::string_view::npos) continue;
    bool flag = true;
    std::string_view text = "x";
    const bool off = value.is_null() || (value.get(flag) == simdjson::SUCCESS && !flag) ||
                     (value.get(text) == simdjson::SUCCESS && text.empty());
    if (!bpe || !off || off_keys.find(word) == std::string_view::npos)
      return Fail(ErrorCode::kBadModel, "model.{} is not implemented", key.substr(0, 100));
  }
  return {};
}

}  // namespace

Result<std::string> MakeSentencePieceModel(const dom::object& model, const dom::element& added_tokens,
                                           bool cuts_words) {
  std::string_view type;
  const bool typed = model["type"].get(type) == simdjson::SUCCESS;
  const bool bpe = type == "BPE";
  if (!typed || (!bpe && type != "Unigram"))
    return Fail(ErrorCode::kBadModel, "model.type is '{}'; known of SentencePiece are Unigram and BPE",
                type.substr(0, 100));
  HC_TRY(CheckModel(model, bpe));
  HC_ASSIGN(const bool byte_fallback, Flag(model, "model", "byte_fallback"));
  HC_ASSIGN(const bool fuse_unk, Flag(model, "model", "fuse_unk"));
  if (bpe && !fuse_unk && !byte_fallback) return Bad("model.fuse_unk is false; only true is implemented");

  Pieces pieces;
  HC_TRY(bpe ? ReadVocabulary(model, pieces) : ReadScoredVocabulary(model, pieces));
  HC_TRY(ReadAddedTokens(added_tokens, pieces));
  std::size_t id = 0;
  for (Piece& piece : pieces.all()) {
    if (piece.text.empty()) return Fail(ErrorCode::kBadModel, "no token has the id {}", id);
    if (byte_fallback && piece.type == PieceType::kNormal && ByteOf(piece.text).has_value())
      piece.type = PieceType::kByte;
    ++id;
  }
  if (bpe) {
    HC_TRY(ReadMerges(model, pieces));
    HC_TRY(CheckMerges(pieces));
  }
  for (Piece& piece : pieces.all()) {
    if (piece.type != PieceType::kNormal) continue;
    // What no merge makes, and what would reach beyond a word, can never come out.
    if (bpe && piece.merges == 0 && !IsOneCharacter(piece.text)) piece.type = PieceType::kControl;
    if (cuts_words && piece.text.find(kSpaceMark, 1) != std::string_view::npos) piece.type = PieceType::kControl;
    if (bpe) piece.score = -static_cast<float>(piece.first_rank);
  }
  return Serialise(pieces.all(), bpe, byte_fallback);
}

}  // namespace hailo_clip
