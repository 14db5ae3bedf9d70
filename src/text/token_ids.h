// The strings of a vocabulary with their ids; only needed while a tokenizer is loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/bpe.h"

namespace hailo_clip {

// How much the readers of vocabularies take: bytes of a file, and of what a compressed one holds.
inline constexpr std::size_t kMaxVocabularyBytes = 16 << 20;

// The token in quotes for an error message: at most 40 bytes of it, control characters as '?'.
[[nodiscard]] std::string QuotedToken(std::string_view token);

// An open-addressing table over one string that holds all tokens: 20 bytes a token on top of its text. Not
// thread-safe.
class TokenIds {
 public:
  // kBadModel if the token or the id is there already, or the id is none (0..65,534).
  [[nodiscard]] Status Add(std::string_view token, std::int64_t id);
  [[nodiscard]] std::optional<BpeId> Find(std::string_view token) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] int largest_id() const { return static_cast<int>(used_ids_.size()) - 1; }

 private:
  struct Entry {
    std::size_t offset;
    std::uint32_t size;
    BpeId id;
  };
  [[nodiscard]] std::string_view TextOf(const Entry& entry) const;
  [[nodiscard]] std::size_t SlotOf(std::string_view token) const;  // of the token, or the free slot it would get
  void Grow();

  std::string text_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // index into entries_ plus one, 0 free; a power of two, at most half in use
  std::vector<bool> used_ids_;
};

}  // namespace hailo_clip
