// Writes compact JSON. Reading is simdjson's; writing is here because no library in Debian prints a float32
// with the shortest digits that read back equal, and an embedding printed as doubles is twice as long.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hailo_clip {

// json.BeginObject().Key("a").Integer(1).EndObject(). Not thread-safe. Commas are its business; nesting that
// does not close is the caller's bug. Strings that are not UTF-8 get U+FFFD in place of each bad byte;
// numbers that are not finite become null.
class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view text);
  JsonWriter& Integer(std::int64_t value);
  JsonWriter& Number(double value);
  JsonWriter& Number(float value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  JsonWriter& Floats(std::span<const float> values);  // an array of numbers
  JsonWriter& Raw(std::string_view json);             // text that is JSON already

  [[nodiscard]] std::string Take() && { return std::move(out_); }
  [[nodiscard]] const std::string& text() const { return out_; }

 private:
  void Separate();

  std::string out_;
  bool needs_comma_ = false;
};

}  // namespace hailo_clip
