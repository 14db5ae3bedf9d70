// YAML as configuration and manifests need it: a plain tree with line numbers, from text that nobody trusts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hailo_clip {

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  int line = 1;                    // from 1; of the key, for a member of a mapping
  std::string key;                 // members of a mapping only
  std::string text;                // kScalar only, without quotes
  std::vector<YamlNode> children;  // kSequence: the items; kMapping: the members, in the order of the text

  // The member of that name; nullptr if there is none or this is no mapping.
  [[nodiscard]] const YamlNode* Find(std::string_view name) const;
};

struct YamlLimits {
  std::size_t max_bytes = std::size_t{1} << 20U;
  std::size_t max_nodes = 20'000;
  int max_depth = 16;
};

// One document. kInvalidArgument, as "<source>:<line>: <what is wrong>", for text that is not YAML or not UTF-8, for
// duplicate keys, keys that are not scalars, a second document, and for what these files never need and attackers
// like: anchors, aliases, tags, control characters, deep nesting. kTooLarge over max_bytes or max_nodes. An empty text
// is kNull. Thread-safe.
[[nodiscard]] Result<YamlNode> ParseYaml(std::string_view text, std::string_view source, const YamlLimits& limits = {});

// A double-quoted scalar that ParseYaml reads back equal. `text` is UTF-8.
[[nodiscard]] std::string QuoteYaml(std::string_view text);

}  // namespace hailo_clip
