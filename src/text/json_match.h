// What the readers of tokenizer.json share: comparing it with what is implemented, and the form of merges.
#pragma once

#include <simdjson.h>

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// kBadModel, naming the key by its path, unless `found` says what `expected` says. Keys named in `others` are not
// looked at, at any depth; a key that neither knows is refused. An absent key and null, false, 0 and "" all mean
// that a thing is off. Recursion is as deep as `expected`.
[[nodiscard]] Status MatchJson(std::string_view path, const simdjson::dom::element& found,
                               const simdjson::dom::element& expected, std::span<const std::string_view> others);

// "left right", as tokenizers wrote until 0.19, or ["left", "right"]. Points into the document.
[[nodiscard]] std::optional<std::array<std::string_view, 2>> ReadJsonMerge(const simdjson::dom::element& merge);

}  // namespace hailo_clip
