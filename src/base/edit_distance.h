// The nearest known word to one that is not known, for "did you mean" in errors.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace hailo_clip {

// The candidate with the smallest Damerau-Levenshtein (optimal string alignment) distance to `word`, if that is
// at most a third of the word's length (at least 1, at most 3); nullopt otherwise. Ties go to the earlier one.
[[nodiscard]] std::optional<std::string_view> NearestWord(std::string_view word,
                                                          std::span<const std::string_view> candidates);

}  // namespace hailo_clip
