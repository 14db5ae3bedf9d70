// The readers of Hugging Face's JSON: tokenizer.json, and vocab.json with its merges.txt.
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>

#include "text/clip_vocabulary.h"
#include "text/json_match.h"
#include "text/normalise.h"

namespace hailo_clip {
namespace {

namespace dom = simdjson::dom;

// What a tokenizer.json must say, as far as it bears on ids. ByteLevel's own pattern (use_regex) finds nothing to cut
// in pieces that the pattern before it has cut; every byte has a token, so that none is unknown.
constexpr std::string_view kClipTokenizer = R"json({
  "normalizer": {"type": "Sequence", "normalizers": [
    {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Split", "pattern": {"Regex": "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"},
     "behavior": "Removed", "invert": true},
    {"type": "ByteLevel", "add_prefix_space": false}]},
  "model": {"type": "BPE", "dropout": null, "continuing_subword_prefix": null, "end_of_word_suffix": "</w>",
            "byte_fallback": false, "ignore_merges": false},
  "added_token": {"single_word": false, "lstrip": false, "rstrip": false},
  "post_processor": {"type": "RobertaProcessing"},
  "cut_or_pad": {"direction": "Right"}
})json";

constexpr std::array<std::string_view, 2> kNoEffectInPreTokenizer = {"trim_offsets", "use_regex"};
constexpr std::array<std::string_view, 4> kOtherModelKeys = {"vocab", "merges", "unk_token", "fuse_unk"};
constexpr std::array<std::string_view, 4> kOtherTokenKeys = {"id", "content", "normalized", "special"};
constexpr std::array<std::string_view, 4> kOtherPostKeys = {"sep", "cls", "trim_offsets", "add_prefix_space"};
// Length is the caller's business here, and padding the backend's: only the side matters.
constexpr std::array<std::string_view, 7> kOtherCutKeys = {
    "max_length", "strategy", "stride", "pad_to_multiple_of", "pad_id", "pad_token", "pad_type_id"};
constexpr std::array<std::string_view, 9> kTopKeys = {"version",        "truncation", "padding",
                                                      "added_tokens",   "normalizer", "pre_tokenizer",
                                                      "post_processor", "decoder",    "model"};

Status AddVocabulary(const dom::element& vocab, std::string_view path, ClipVocabularyBuilder& builder) {
  dom::object object;
  if (vocab.get(object) != simdjson::SUCCESS) return Fail(ErrorCode::kBadModel, "{} is not an object", path);
  for (const auto [token, value] : object) {
    std::int64_t id = 0;
    if (value.get(id) != simdjson::SUCCESS)
      return Fail(ErrorCode::kBadModel, "{}: the id of token {} is not an integer", path, QuotedToken(token));
    HC_TRY(builder.AddToken(token, id));
  }
  return {};
}

Status AddMerges(const dom::element& merges, ClipVocabularyBuilder& builder) {
  dom::array array;
  if (merges.get(array) != simdjson::SUCCESS) return Fail(ErrorCode::kBadModel, "model.merges is not an array");
  std::size_t index = 0;
  for (const dom::element merge : array) {
    const auto tokens = ReadJsonMerge(merge);
    if (!tokens)
      return Fail(ErrorCode::kBadModel, "model.merges[{}] is neither \"left right\" nor [\"left\", \"right\"]", index);
    HC_TRY(builder.AddMerge((*tokens)[0], (*tokens)[1]));
    ++index;
  }
  return {};
}

// The texts and ids of post_processor.cls and .sep: [text, id].
Result<SpecialToken> ReadProcessorToken(const dom::element& processor, std::string_view key) {
  dom::array pair;
  std::string_view text;
  std::int64_t id = 0;
  if (processor[key].get(pair) != simdjson::SUCCESS || pair.size() != 2 || pair.at(0).get(text) != simdjson::SUCCESS ||
      pair.at(1).get(id) != simdjson::SUCCESS || text.empty() || id < 0 ||
      id >= static_cast<std::int64_t>(kMaxBpeVocabulary))
    return Fail(ErrorCode::kBadModel, "post_processor.{} is not [\"token\", id]", key);
  return SpecialToken{.text = std::string(text), .id = static_cast<BpeId>(id)};
}

// Settles when `start` or `end` is looked for in a text, from the one of added_tokens that it is.
Status ReadAddedToken(const dom::element& added, const dom::element& expected, std::string_view path,
                      SpecialToken& start, SpecialToken& end, ClipVocabularyBuilder& builder) {
  HC_TRY(MatchJson(path, added, expected, kOtherTokenKeys));
  std::string_view text;
  std::int64_t id = 0;
  bool normalised = false;
  if (added["content"].get(text) != simdjson::SUCCESS || added["id"].get(id) != simdjson::SUCCESS ||
      added["normalized"].get(normalised) != simdjson::SUCCESS)
    return Fail(ErrorCode::kBadModel, "{} lacks a content, an id or a normalized", path);
  SpecialToken& token = text == start.text ? start : end;
  if (text != token.text || id != token.id)
    return Fail(ErrorCode::kBadModel,
                "{} is {} with the id {}, and only the start and the end token of post_processor "
                "are implemented",
                path, QuotedToken(text), id);
  std::string lower;
  AppendNormalised(text, lower);
  if (normalised && lower != text)
    return Fail(ErrorCode::kBadModel, "{}.content is not in lower case, which is not implemented", path);
  token.normalised = normalised;
  const auto known = builder.ids().Find(text);
  if (!known) return builder.AddToken(text, id);
  if (*known != id) return Fail(ErrorCode::kBadModel, "{} has the id {}, model.vocab says {}", path, id, *known);
  return {};
}

Status ReadAddedTokens(const dom::element& root, const dom::element& expected, SpecialToken& start, SpecialToken& end,
                       ClipVocabularyBuilder& builder) {
  dom::array array;
  if (root["added_tokens"].get(array) != simdjson::SUCCESS || array.size() != 2)
    return Fail(ErrorCode::kBadModel, "added_tokens is not an array of two tokens, the start and the end");
  std::string_view first, second;
  if (array.at(0)["content"].get(first) == simdjson::SUCCESS &&
      array.at(1)["content"].get(second) == simdjson::SUCCESS && first == second)
    return Fail(ErrorCode::kBadModel, "added_tokens names the same token twice");
  std::size_t index = 0;
  for (const dom::element added : array)
    HC_TRY(ReadAddedToken(added, expected, fmt::format("added_tokens[{}]", index++), start, end, builder));
  return {};
}

Status CheckSettings(const dom::object& root, const dom::element& expected) {
  for (const auto [key, value] : root) {
    if (std::ranges::find(kTopKeys, key) == kTopKeys.end())
      return Fail(ErrorCode::kBadModel, "the key {} is not one of a tokenizer.json that is understood",
                  QuotedToken(key));
    if ((key == "truncation" || key == "padding") && !value.is_null())
      HC_TRY(MatchJson(key, value, expected["cut_or_pad"].value_unsafe(), kOtherCutKeys));
  }
  for (const std::string_view key : {"normalizer", "pre_tokenizer", "post_processor", "model"}) {
    const auto value = root[key];
    if (value.error() != simdjson::SUCCESS) return Fail(ErrorCode::kBadModel, "the key {} is missing", key);
    const std::span<const std::string_view> others = key == "pre_tokenizer"    ? kNoEffectInPreTokenizer
                                                     : key == "post_processor" ? std::span(kOtherPostKeys)
                                                     : key == "model"
                                                         ? std::span<const std::string_view>(kOtherModelKeys)
                                                         : std::span<const std::string_view>();
    HC_TRY(MatchJson(key, value.value_unsafe(), expected[key].value_unsafe(), others));
  }
  return {};
}

Result<dom::element> Parse(dom::parser& parser, std::string_view json) {
  dom::element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root); error != simdjson::SUCCESS)
    return Fail(ErrorCode::kBadModel, "it is not valid JSON ({})", simdjson::error_message(error));
  return root;
}

}  // namespace

Result<ClipVocabulary> ReadTokenizerJson(std::string_view json) {
  dom::parser parser(kMaxVocabularyBytes), expected_parser;
  HC_ASSIGN(const dom::element expected, Parse(expected_parser, kClipTokenizer));
  HC_ASSIGN(const dom::element root, Parse(parser, json));
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return Fail(ErrorCode::kBadModel, "it is not a JSON object");
  HC_TRY(CheckSettings(object, expected));

  const dom::element model = object["model"].value_unsafe();
  const dom::element processor = object["post_processor"].value_unsafe();
  dom::element vocab, merges;
  if (model["vocab"].get(vocab) != simdjson::SUCCESS || model["merges"].get(merges) != simdjson::SUCCESS)
    return Fail(ErrorCode::kBadModel, "model.vocab or model.merges is missing");
  ClipVocabularyBuilder builder;
  HC_TRY(AddVocabulary(vocab, "model.vocab", builder));
  HC_ASSIGN(SpecialToken start, ReadProcessorToken(processor, "cls"));
  HC_ASSIGN(SpecialToken end, ReadProcessorToken(processor, "sep"));
  HC_TRY(ReadAddedTokens(root, expected["added_token"].value_unsafe(), start, end, builder));
  HC_TRY(AddMerges(merges, builder));
  return builder.Finish(std::move(start), std::move(end));
}

Result<ClipVocabulary> ReadVocabJsonAndMerges(std::string_view vocab_json, std::string_view merges) {
  dom::parser parser(kMaxVocabularyBytes);
  HC_ASSIGN(const dom::element vocab, Parse(parser, vocab_json));
  ClipVocabularyBuilder builder;
  HC_TRY(AddVocabulary(vocab, "the vocabulary", builder));
  if (Status status = AddMergeLines(merges, builder); !status)
    return FailWithin("the merges", std::move(status).error());
  return builder.Finish(DefaultStartToken(), DefaultEndToken());
}

}  // namespace hailo_clip
