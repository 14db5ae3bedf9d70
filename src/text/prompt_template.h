// Prompt templates: every prompt is put into each template and the embeddings are averaged.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hailo_clip {

// The templates named "photo": our own sentences, one {} each.
[[nodiscard]] std::span<const std::string_view> PhotoTemplates();

// kInvalidArgument unless `text` holds {} exactly once.
[[nodiscard]] Status CheckTemplate(std::string_view text);

// `text` with its {} replaced by `prompt`; `text` has passed CheckTemplate.
[[nodiscard]] std::string FillTemplate(std::string_view text, std::string_view prompt);

}  // namespace hailo_clip
