// The normalisation rules of a SentencePiece model: what `precompiled_charsmap` holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// Size of a trie in bytes (little-endian), the trie (a double array of Darts-clone: blocks of 256 units of 4 bytes),
// and the texts that its values point to, each ended by a zero byte. Thread-safe.
class CharsMap {
 public:
  // kBadModel unless every unit leads to a unit and every value to a text. An empty map has no rules.
  [[nodiscard]] static Result<CharsMap> Create(std::string_view content);

  // Puts in the place of the longest rule that matches, from left to right, what the rule says; `text` is UTF-8. This
  // is what SentencePiece does. (Hugging Face's tokenizers applies rules to whole graphemes, which gives something
  // else for some rare sequences of marks.)
  [[nodiscard]] std::string Apply(std::string_view text) const;

 private:
  struct Match {
    std::size_t size = 0;  // bytes of text, 0: none
    std::size_t value = 0;
  };
  [[nodiscard]] std::uint32_t Unit(std::size_t index) const;
  [[nodiscard]] bool IsSound() const;
  [[nodiscard]] Match LongestMatch(std::string_view text) const;

  std::string trie_;
  std::string texts_;
};

}  // namespace hailo_clip
