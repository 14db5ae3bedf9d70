// The pictures of a JSON body, left where they are: a parser would copy them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hailo_clip::http {

// A body without its long strings. `json` has a mark in the place of each, a string that Find knows; it is valid JSON
// if and only if the body is.
class LongStrings {
 public:
  static constexpr std::size_t kLeast = 8'192;  // bytes: longer than any text that a request may hold

  // Takes out strings of kLeast bytes or more, if all of these are printable ASCII without escapes, as base64 is.
  // nullopt if there is none, or the body holds what might pass for a mark.
  [[nodiscard]] static std::optional<LongStrings> TakeFrom(std::string_view body);

  std::string json;

  // What `mark` stands for, a view of the body; any other string is returned as it is.
  [[nodiscard]] std::string_view Find(std::string_view mark) const;

 private:
  std::vector<std::string_view> strings_;
};

}  // namespace hailo_clip::http
