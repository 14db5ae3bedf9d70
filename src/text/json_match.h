// Compares a JSON description with the one that is implemented.
#pragma once

#include <simdjson.h>

#include <span>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// kBadModel, naming the key by its path, unless `found` says what `expected` says. Keys named in `others` are not
// looked at, at any depth; a key that neither knows is refused. An absent key and null, false, 0 and "" all mean
// that a thing is off. Recursion is as deep as `expected`.
[[nodiscard]] Status MatchJson(std::string_view path, const simdjson::dom::element& found,
                               const simdjson::dom::element& expected, std::span<const std::string_view> others);

}  // namespace hailo_clip
