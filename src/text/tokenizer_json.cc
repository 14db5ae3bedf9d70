#include "text/tokenizer_json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "text/json_match.h"
#include "text/sentencepiece_pieces.h"

namespace hailo_clip {
namespace {

namespace dom = simdjson::dom;

constexpr std::array<std::string_view, 9> kTopKeys = {"version",        "truncation", "padding",
                                                      "added_tokens",   "normalizer", "pre_tokenizer",
                                                      "post_processor", "decoder",    "model"};
// How long texts become is the manifest's business; that they are cut and padded behind is not.
constexpr std::array<std::string_view, 7> kOtherCutKeys = {
    "max_length", "strategy", "stride", "pad_to_multiple_of", "pad_id", "pad_token", "pad_type_id"};
constexpr std::size_t kMaxFrame = 16;

std::unexpected<Error> Bad(std::string_view why) { return Fail(ErrorCode::kBadModel, "{}", why); }

Result<dom::object> ParseObject(dom::parser& parser, std::string_view json) {
  dom::element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root); error != simdjson::SUCCESS)
    return Fail(ErrorCode::kBadModel, "it is not valid JSON ({})", simdjson::error_message(error));
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return Bad("it is not a JSON object");
  return object;
}

Status CheckTop(const dom::object& root) {
  dom::parser parser;
  constexpr std::string_view right_side = R"({"direction": "Right"})";
  const dom::element right = parser.parse(right_side.data(), right_side.size()).value_unsafe();
  for (const auto [key, value] : root) {
    if (std::ranges::find(kTopKeys, key) == kTopKeys.end())
      return Fail(ErrorCode::kBadModel, "the key '{}' is not one of a tokenizer.json that is understood",
                  key.substr(0, 100));
    if ((key == "truncation" || key == "padding") && !value.is_null())
      HC_TRY(MatchJson(key, value, right, kOtherCutKeys));
  }
  return {};
}

// Appends the ids of special_tokens[name].
Status AddSpecial(const dom::object& processor, std::string_view name, std::vector<std::int32_t>& ids) {
  dom::array array;
  if (processor["special_tokens"].at_key(name)["ids"].get(array) != simdjson::SUCCESS)
    return Fail(ErrorCode::kBadModel, "post_processor.special_tokens has no ids for '{}'", name.substr(0, 100));
  for (const dom::element element : array) {
    std::int64_t id = 0;
    if (element.get(id) != simdjson::SUCCESS || id < 0 || id > 1'000'000 || ids.size() == kMaxFrame)
      return Fail(ErrorCode::kBadModel, "post_processor.special_tokens: '{}' has an id that is none, or too many",
                  name.substr(0, 100));
    ids.push_back(static_cast<std::int32_t>(id));
  }
  return {};
}

// TemplateProcessing: special tokens, the text once, special tokens.
Status ReadTemplate(const dom::object& processor, TokenizerJson& tokenizer) {
  dom::array single;
  if (processor["single"].get(single) != simdjson::SUCCESS) return Bad("post_processor.single is not a list");
  bool seen_text = false;
  for (const dom::element part : single) {
    std::string_view name;
    if (part["SpecialToken"]["id"].get(name) == simdjson::SUCCESS) {
      HC_TRY(AddSpecial(processor, name, seen_text ? tokenizer.end : tokenizer.begin));
    } else if (part["Sequence"]["id"].get(name) == simdjson::SUCCESS && name == "A" && !seen_text) {
      seen_text = true;
    } else {
      return Bad("post_processor.single is not special tokens around one sequence A");
    }
    std::int64_t type = 0;
    const char* kind = part["Sequence"].error() == simdjson::SUCCESS ? "Sequence" : "SpecialToken";
    if (part[kind]["type_id"].get(type) == simdjson::SUCCESS && type != 0)
      return Bad("post_processor.single has a type_id that is not 0");
  }
  if (!seen_text) return Bad("post_processor.single has no sequence A");
  return {};
}

// RobertaProcessing and BertProcessing: "cls": [token, id], "sep": [token, id].
Status ReadPair(const dom::object& processor, const char* key, std::vector<std::int32_t>& ids) {
  std::int64_t id = 0;
  if (processor[key].at(1).get(id) != simdjson::SUCCESS || id < 0 || id > 1'000'000)
    return Fail(ErrorCode::kBadModel, "post_processor.{} is not a token and its id", key);
  ids.push_back(static_cast<std::int32_t>(id));
  return {};
}

Status ReadFrame(const dom::object& root, TokenizerJson& tokenizer) {
  dom::object processor;
  if (root["post_processor"].error() != simdjson::SUCCESS || root["post_processor"].is_null()) return {};
  std::string_view type;
  if (root["post_processor"].get(processor) != simdjson::SUCCESS || processor["type"].get(type) != simdjson::SUCCESS)
    return Bad("post_processor has no type");
  if (type == "TemplateProcessing") return ReadTemplate(processor, tokenizer);
  if (type != "RobertaProcessing" && type != "BertProcessing")
    return Fail(ErrorCode::kBadModel, "post_processor.type is '{}', which is not implemented", type.substr(0, 100));
  HC_TRY(ReadPair(processor, "cls", tokenizer.begin));
  return ReadPair(processor, "sep", tokenizer.end);
}

dom::element OrNull(const dom::object& object, std::string_view key, const dom::element& null) {
  dom::element element;
  return object[key].get(element) == simdjson::SUCCESS ? element : null;
}

}  // namespace

Result<TokenizerJson> ReadSentencePieceJson(std::string_view json) {
  dom::parser parser(kMaxTokenizerJsonBytes), null_parser;
  HC_ASSIGN(const dom::object root, ParseObject(parser, json));
  HC_TRY(CheckTop(root));
  constexpr std::string_view nothing = "[null]";
  const dom::element null = null_parser.parse(nothing.data(), nothing.size()).at(0).value_unsafe();
  TokenizerJson tokenizer;
  HC_ASSIGN(TextSteps steps, ReadTextSteps(OrNull(root, "normalizer", null), OrNull(root, "pre_tokenizer", null)));
  tokenizer.steps = std::move(steps.steps);
  HC_TRY(ReadFrame(root, tokenizer));
  dom::object model;
  if (root["model"].get(model) != simdjson::SUCCESS) return Bad("model is not an object");
  HC_ASSIGN(tokenizer.model, MakeSentencePieceModel(model, OrNull(root, "added_tokens", null), steps.cuts_words));
  return tokenizer;
}

Result<TokenizerJsonFacts> ReadTokenizerJsonFacts(const std::filesystem::path& file) {
  HC_ASSIGN(const std::string json, ReadFile(file, kMaxTokenizerJsonBytes));
  dom::parser parser(kMaxTokenizerJsonBytes);
  const auto root = ParseObject(parser, json);
  if (!root.has_value()) return FailWithin(file.string(), root.error());
  TokenizerJsonFacts facts;
  std::string_view type;
  if ((*root)["model"]["type"].get(type) == simdjson::SUCCESS) facts.type = type;
  dom::array added;
  if ((*root)["added_tokens"].get(added) != simdjson::SUCCESS) return facts;
  for (const dom::element token : added) {
    std::string_view text;
    std::int64_t id = 0;
    if (token["content"].get(text) == simdjson::SUCCESS && token["id"].get(id) == simdjson::SUCCESS)
      facts.added.emplace(text, id);
  }
  return facts;
}

}  // namespace hailo_clip
