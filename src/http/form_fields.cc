#include "http/form_fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/json_writer.h"
#include "http/ascii.h"
#include "http/fields.h"

namespace hailo_clip::http {
namespace {

template <typename Number>
bool ReadWhole(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

void WriteScalar(JsonWriter& json, std::string_view text, FormField::Kind kind) {
  std::int64_t integer = 0;
  double real = 0;
  if (kind == FormField::Kind::kNumber && ReadWhole(text, integer)) {
    json.Integer(integer);
  } else if (kind == FormField::Kind::kNumber && ReadWhole(text, real) && std::isfinite(real)) {
    json.Number(real);
  } else if (kind == FormField::Kind::kBool && (text == "true" || text == "false")) {
    json.Bool(text == "true");
  } else {
    json.String(text);
  }
}

Status CheckArray(std::string_view name, std::string_view text) {
  std::string copy(text);
  const Result<JsonDocument> document = JsonDocument::Parse(copy);
  if (document && document->root().is_array()) return {};
  return Fail(ErrorCode::kInvalidArgument, "field '{}' starts with '[' but is no JSON array", name);
}

}  // namespace

Result<std::string> FormToJson(std::span<const std::pair<std::string_view, std::string_view>> form,
                               std::span<const FormField> known) {
  JsonWriter json;
  json.BeginObject();
  for (const FormField& field : known) {
    if (field.kind != FormField::Kind::kTexts) continue;
    std::vector<std::string_view> values;
    for (const auto& [name, value] : form)
      if (name == field.name) values.push_back(value);
    if (values.empty()) continue;
    json.Key(field.name);
    if (values.size() == 1 && Trim(values.front()).starts_with('[')) {
      HC_TRY(CheckArray(field.name, values.front()));
      json.Raw(values.front());
      continue;
    }
    json.BeginArray();
    for (const std::string_view value : values) json.String(value);
    json.EndArray();
  }
  for (const auto& [name, value] : form) {
    const auto field = std::ranges::find(known, name, &FormField::name);
    if (field != known.end() && field->kind == FormField::Kind::kTexts) continue;
    json.Key(name);
    WriteScalar(json, value, field == known.end() ? FormField::Kind::kText : field->kind);
  }
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace hailo_clip::http
