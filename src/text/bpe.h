// Byte pair encoding by ids: the merges of a vocabulary and the loop that applies them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hailo_clip {

using BpeId = std::uint16_t;  // a token's id; vocabularies above 65,535 tokens are refused when they are loaded
inline constexpr std::size_t kMaxBpeVocabulary = 65'535;

// (left id, right id) -> rank and resulting id, in an open-addressing table of 8 bytes a slot: 512 KiB for
// CLIP's 48,894 merges, against several MiB for maps of strings. Not thread-safe while it grows.
class MergeTable {
 public:
  struct Merge {
    BpeId left = 0;
    BpeId right = 0;
    std::uint16_t rank = kNoRank;  // 0 is applied first
    BpeId result = 0;
  };
  static constexpr std::uint16_t kNoRank = 0xFFFF;

  // Adds a merge with the next rank; false if the pair is there already or the table holds 65,535 merges.
  [[nodiscard]] bool Add(BpeId left, BpeId right, BpeId result);

  // The merge of this pair; its rank is kNoRank if there is none.
  [[nodiscard]] Merge Find(BpeId left, BpeId right) const {
    return slots_.empty() ? Merge{} : slots_[SlotOf(left, right)];
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  [[nodiscard]] std::size_t SlotOf(BpeId left, BpeId right) const;  // of the pair, or the free slot it would get
  void Grow();

  std::vector<Merge> slots_;  // a power of two, at most 3/4 of it in use
  int shift_ = 32;            // 32 - log2(slots_.size())
  std::size_t size_ = 0;
};

// The tokens of single bytes (a word's last byte has its own) and the merges. Immutable after loading.
struct BpeRules {
  std::array<BpeId, 256> bytes{};
  std::array<BpeId, 256> last_bytes{};
  MergeTable merges;
};

// Applies the rules to one word at a time; reuses its memory between words. Not thread-safe: one for each thread.
class BpeEncoder {
 public:
  explicit BpeEncoder(const BpeRules& rules) : rules_(rules) {}

  // The ids of `word` (bytes, not empty), valid until the next call. The pair of lowest rank is merged first, the
  // leftmost among equals, as Hugging Face's tokenizers does. O(n log n): a heap of candidates over a linked list.
  [[nodiscard]] const std::vector<BpeId>& Encode(std::string_view word);

 private:
  struct Symbol {
    BpeId id;
    bool gone;  // merged into the symbol to its left
    std::uint32_t previous, next;
  };
  void Propose(std::uint32_t left);

  const BpeRules& rules_;
  std::vector<Symbol> symbols_;
  std::vector<std::uint64_t> candidates_;  // a heap of rank << 32 | position, smallest on top
  std::vector<BpeId> ids_;
};

}  // namespace hailo_clip
