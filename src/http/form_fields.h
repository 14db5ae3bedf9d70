// Form fields and query parameters as the JSON object that they stand for.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace hailo_clip::http {

// How the text of a form field becomes JSON.
struct FormField {
  std::string_view name;
  enum class Kind { kText, kNumber, kBool, kTexts } kind = Kind::kText;
};

// {"prompts": ["a", "b"], "top_k": 3}: kTexts fields may repeat, or be one JSON array; others must not repeat (the name
// then occurs twice, which Fields::Of refuses). What is no number or truth value stays a string, so that one reader
// (Fields) finds and names the mistake, however the request came. kInvalidArgument for an array that is malformed.
[[nodiscard]] Result<std::string> FormToJson(std::span<const std::pair<std::string_view, std::string_view>> form,
                                             std::span<const FormField> known);

}  // namespace hailo_clip::http
