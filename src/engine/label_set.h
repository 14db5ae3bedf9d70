// A named list of labels that pictures are compared with again and again, as its author wrote it.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hailo_clip {

inline constexpr std::size_t kMaxLabels = 100'000;
inline constexpr std::size_t kMaxLabelBytes = 4'000;      // of a label, template or description
inline constexpr std::size_t kMaxLabelTemplates = 100;    // also the most descriptions of one label
inline constexpr std::size_t kMaxLabelTexts = 1'000'000;  // that one set is made of: labels in templates, descriptions
inline constexpr std::string_view kPhotoTemplates = "photo";  // in `templates`, alone: our own (text/prompt_template.h)

struct LabelSet {
  std::vector<std::string> labels;     // 1..100,000, no two alike
  std::vector<std::string> templates;  // every label is put into each; empty: labels as they are; or {"photo"}
  // Texts that stand for a label in place of the label in its templates, 1..100 each.
  std::map<std::string, std::vector<std::string>, std::less<>> descriptions;
  std::optional<double> threshold;     // of requests that give none, 0..1
  std::optional<double> reject_below;  // likewise, a cosine
};

// The fields of its JSON form, in API_SPEC's order.
[[nodiscard]] std::span<const std::string_view> LabelSetFields();

// kInvalidArgument unless it is [a-z0-9][a-z0-9_-]{0,63}: what is safe as a file's name everywhere.
[[nodiscard]] Status CheckLabelSetName(std::string_view name);

// kInvalidArgument names the member that breaks one of the rules above. An empty label, NUL and {} missing from a
// template are such.
[[nodiscard]] Status CheckLabelSet(const LabelSet& set);

// Reads and checks the JSON form; fields that it does not know are ignored. kInvalidArgument names the field.
[[nodiscard]] Result<LabelSet> LabelSetFromJson(simdjson::dom::element root);

// A file's content, strictly: an unknown or repeated field is an error too. `text` may be reallocated.
[[nodiscard]] Result<LabelSet> ParseLabelSet(std::string& text);

// One JSON object that ParseLabelSet reads back equal.
[[nodiscard]] std::string FormatLabelSet(const LabelSet& set);

// What the encoder is given for a label; the embeddings are averaged. At least one.
[[nodiscard]] std::vector<std::string> TextsOf(const LabelSet& set, std::size_t label);

// sha256 over all that embeddings depend on: equal digests, equal matrices. 64 hex digits.
[[nodiscard]] std::string TextsDigest(const LabelSet& set);

}  // namespace hailo_clip
