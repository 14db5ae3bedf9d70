// Typed reading of a JSON request's fields: every mistake is one sentence that names the field.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/long_strings.h"

namespace hailo_clip::http {

// A parsed document; strings live in it. Movable; not thread-safe.
class JsonDocument {
 public:
  // Parses `text`, growing its capacity by simdjson's padding if need be. At most 64 levels deep and 500,000 values, so
  // that memory stays a small multiple of the text. kInvalidArgument says "No JSON body" or what is malformed.
  [[nodiscard]] static Result<JsonDocument> Parse(std::string& text);

  // The same, but long strings (long_strings.h) stay in `text`, which must live and stay as it is until they are read:
  // with TextOf or Fields.
  [[nodiscard]] static Result<JsonDocument> ParseAround(std::string& text);

  [[nodiscard]] simdjson::dom::element root() const { return root_; }
  // The string that `value`, of this document, is; nullopt if it is something else.
  [[nodiscard]] std::optional<std::string_view> TextOf(simdjson::dom::element value) const;

 private:
  std::optional<LongStrings> long_strings_;
  std::unique_ptr<simdjson::dom::parser> parser_;
  simdjson::dom::element root_;
};

// The fields of one JSON object. Views into the document, which must outlive it and stay where it is. A field that is
// null counts as absent.
class Fields {
 public:
  // `known`: the names that the caller reads. Refused are a value that is no object, a name that occurs twice, and an
  // unknown name that is a near-miss of a known one that is absent ("promts"). Other unknown names are ignored.
  // `where` prefixes messages: "" for the body itself, "input[2]" for an object inside.
  [[nodiscard]] static Result<Fields> Of(const JsonDocument& document, simdjson::dom::element value,
                                         std::span<const std::string_view> known, std::string_view where);
  [[nodiscard]] static Result<Fields> Of(const JsonDocument& document, std::span<const std::string_view> known) {
    return Of(document, document.root(), known, "");
  }

  [[nodiscard]] bool Has(std::string_view name) const { return Find(name).has_value(); }
  [[nodiscard]] std::optional<simdjson::dom::element> Find(std::string_view name) const;

  // nullopt if absent, kInvalidArgument if mistyped or out of range.
  [[nodiscard]] Result<std::optional<std::string_view>> String(std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> Integer(
      std::string_view name, std::int64_t min, std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
  [[nodiscard]] Result<std::optional<double>> Number(std::string_view name, double min, double max) const;
  [[nodiscard]] Result<std::optional<bool>> Bool(std::string_view name) const;
  // An array of strings, 1 to `max_count`.
  [[nodiscard]] Result<std::optional<std::vector<std::string_view>>> Strings(std::string_view name,
                                                                             std::size_t max_count) const;

  // "field 'top_k'", or "input[2]: field 'image'".
  [[nodiscard]] std::string Label(std::string_view name) const;

 private:
  explicit Fields(const JsonDocument& document) : document_(&document) {}

  const JsonDocument* document_;
  std::vector<std::pair<std::string_view, simdjson::dom::element>> fields_;
  std::string where_;
};

// kInvalidArgument unless `text` holds something besides white space, no NUL, and at most `max_bytes`.
[[nodiscard]] Status CheckText(std::string_view text, std::size_t max_bytes, std::string_view where);

// "a string", "an array", ...: what a client sent instead.
[[nodiscard]] std::string_view KindName(simdjson::dom::element value);

}  // namespace hailo_clip::http
