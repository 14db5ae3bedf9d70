#include "http/fields.h"

#include <algorithm>
#include <array>
#include <new>

#include "base/edit_distance.h"
#include "http/ascii.h"

namespace hailo_clip::http {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxValues = 500'000;
constexpr std::size_t kMaxFields = 1000;
constexpr std::size_t kMinTypoLength = 4;  // shorter names resemble each other by chance: "n" and "on"

// Fields that clients of other services send and that mean nothing here, although they resemble ours.
constexpr std::array<std::string_view, 6> kHarmlessExtras{"models", "user", "id", "type", "metadata", "mode"};

std::string Explain(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR: return "it is not valid UTF-8";
    case simdjson::DEPTH_ERROR: return fmt::format("it is nested deeper than {} levels", kMaxDepth);
    case simdjson::NUMBER_ERROR: return "a number is malformed or out of range";
    case simdjson::STRING_ERROR: return "a string has a bad escape or half a surrogate pair";
    case simdjson::UNCLOSED_STRING: return "a string does not end";
    case simdjson::UNESCAPED_CHARS: return "a string holds a control character that is not escaped";
    default: return "brackets, commas or values are not where JSON wants them (cut off?)";
  }
}

// "topK", "top-k" and "TOP_K" are top_k.
std::string Normalized(std::string_view name) {
  std::string plain = LowerAscii(name);
  std::erase_if(plain, [](char c) { return c == '_' || c == '-' || c == ' '; });
  return plain;
}

std::optional<std::string_view> NearMiss(std::string_view name, std::span<const std::string_view> known) {
  for (const std::string_view candidate : known)
    if (Normalized(candidate) == Normalized(name)) return candidate;
  return name.size() < kMinTypoLength ? std::nullopt : NearestWord(name, known);
}

bool IsOneOf(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

Result<JsonDocument> JsonDocument::Parse(std::string& text) {
  if (Trim(text).empty())
    return Fail(ErrorCode::kInvalidArgument, "No JSON body: send a JSON object with Content-Type application/json");
  // Each value but the first of its array or object follows a comma.
  const auto commas = static_cast<std::size_t>(std::ranges::count(text, ','));
  const auto colons = static_cast<std::size_t>(std::ranges::count(text, ':'));
  if (commas + colons > kMaxValues)
    return Fail(ErrorCode::kInvalidArgument, "the JSON body holds more than {} commas and colons", kMaxValues);
  try {
    text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    JsonDocument document;
    document.parser_ = std::make_unique<simdjson::dom::parser>();
    if (document.parser_->allocate(text.size(), kMaxDepth) != simdjson::SUCCESS)
      return Fail(ErrorCode::kOutOfMemory, "not enough memory to read the JSON body now; try again later");
    const simdjson::error_code error =
        document.parser_->parse(text.data(), text.size(), /*realloc_if_needed=*/false).get(document.root_);
    if (error == simdjson::MEMALLOC)
      return Fail(ErrorCode::kOutOfMemory, "not enough memory to read the JSON body now; try again later");
    if (error != simdjson::SUCCESS) return Fail(ErrorCode::kInvalidArgument, "malformed JSON body: {}", Explain(error));
    return document;
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kOutOfMemory, "not enough memory to read the JSON body now; try again later");
  }
}

Result<JsonDocument> JsonDocument::ParseAround(std::string& text) {
  std::optional<LongStrings> long_strings = LongStrings::TakeFrom(text);
  if (!long_strings) return Parse(text);
  HC_ASSIGN(JsonDocument document, Parse(long_strings->json));
  document.long_strings_ = std::move(long_strings);
  return document;
}

std::optional<std::string_view> JsonDocument::TextOf(element value) const {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return std::nullopt;
  return long_strings_ ? long_strings_->Find(text) : text;
}

Result<Fields> Fields::Of(const JsonDocument& document, element value, std::span<const std::string_view> known,
                          std::string_view where) {
  Fields fields(document);
  if (!where.empty()) fields.where_ = fmt::format("{}: ", where);
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "{} must be an object, not {}",
                where.empty() ? std::string_view("the JSON body") : where, KindName(value));
  for (const auto field : object) {
    if (fields.fields_.size() == kMaxFields)
      return Fail(ErrorCode::kInvalidArgument, "{}more than {} fields", fields.where_, kMaxFields);
    fields.fields_.emplace_back(field.key, field.value);
  }
  const auto name_of = [](const auto& field) { return field.first; };
  std::ranges::sort(fields.fields_, {}, name_of);
  const auto twice = std::ranges::adjacent_find(fields.fields_, {}, name_of);
  if (twice != fields.fields_.end())
    return Fail(ErrorCode::kInvalidArgument, "{} occurs twice", fields.Label(twice->first));

  for (const auto& [name, ignored] : fields.fields_) {
    if (IsOneOf(name, known) || IsOneOf(name, kHarmlessExtras)) continue;
    const std::optional<std::string_view> nearest = NearMiss(name, known);
    if (nearest && !fields.Has(*nearest))
      return Fail(ErrorCode::kInvalidArgument, "{}unknown field '{}'; did you mean '{}'?", fields.where_, name,
                  *nearest);
  }
  return fields;
}

std::optional<element> Fields::Find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(fields_, name, {}, [](const auto& field) { return field.first; });
  if (found == fields_.end() || found->first != name || found->second.is_null()) return std::nullopt;
  return found->second;
}

std::string Fields::Label(std::string_view name) const { return fmt::format("{}field '{}'", where_, name); }

Result<std::optional<std::string_view>> Fields::String(std::string_view name) const {
  const std::optional<element> value = Find(name);
  if (!value) return std::nullopt;
  const std::optional<std::string_view> text = document_->TextOf(*value);
  if (!text) return Fail(ErrorCode::kInvalidArgument, "{} must be a string, not {}", Label(name), KindName(*value));
  return text;
}

Result<std::optional<std::int64_t>> Fields::Integer(std::string_view name, std::int64_t min, std::int64_t max) const {
  const std::optional<element> value = Find(name);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  if (value->get(number) != simdjson::SUCCESS || number < min || number > max) {
    if (max == std::numeric_limits<std::int64_t>::max())
      return Fail(ErrorCode::kInvalidArgument, "{} must be an integer >= {}", Label(name), min);
    return Fail(ErrorCode::kInvalidArgument, "{} must be an integer from {} to {}", Label(name), min, max);
  }
  return number;
}

Result<std::optional<double>> Fields::Number(std::string_view name, double min, double max) const {
  const std::optional<element> value = Find(name);
  if (!value) return std::nullopt;
  double number = 0;
  if (value->get(number) != simdjson::SUCCESS || !(number >= min && number <= max))
    return Fail(ErrorCode::kInvalidArgument, "{} must be a number from {} to {}", Label(name), min, max);
  return number;
}

Result<std::optional<bool>> Fields::Bool(std::string_view name) const {
  const std::optional<element> value = Find(name);
  if (!value) return std::nullopt;
  bool truth = false;
  if (value->get(truth) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "{} must be true or false, not {}", Label(name), KindName(*value));
  return truth;
}

Result<std::optional<std::vector<std::string_view>>> Fields::Strings(std::string_view name,
                                                                     std::size_t max_count) const {
  const std::optional<element> value = Find(name);
  if (!value) return std::nullopt;
  simdjson::dom::array array;
  if (value->get(array) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "{} must be an array of strings, not {}", Label(name), KindName(*value));
  std::vector<std::string_view> texts;
  for (const element member : array) {
    const std::optional<std::string_view> text = document_->TextOf(member);
    if (!text)
      return Fail(ErrorCode::kInvalidArgument, "{}[{}] must be a string, not {}", Label(name), texts.size(),
                  KindName(member));
    if (texts.size() == max_count)
      return Fail(ErrorCode::kInvalidArgument, "{} has more than {} members", Label(name), max_count);
    texts.push_back(*text);
  }
  if (texts.empty()) return Fail(ErrorCode::kInvalidArgument, "{} must not be empty", Label(name));
  return texts;
}

Status CheckText(std::string_view text, std::size_t max_bytes, std::string_view where) {
  if (Trim(text).empty()) return Fail(ErrorCode::kInvalidArgument, "{} must not be empty", where);
  if (text.contains('\0')) return Fail(ErrorCode::kInvalidArgument, "{} holds a NUL character", where);
  if (text.size() > max_bytes) return Fail(ErrorCode::kInvalidArgument, "{} is longer than {} bytes", where, max_bytes);
  return {};
}

std::string_view KindName(element value) {
  switch (value.type()) {
    case element_type::ARRAY: return "an array";
    case element_type::OBJECT: return "an object";
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE: return "a number";
    case element_type::STRING: return "a string";
    case element_type::BOOL: return "true or false";
    case element_type::NULL_VALUE: return "null";
    default: return "something else";
  }
}

}  // namespace hailo_clip::http
