#include "text/bpe.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace hailo_clip {
namespace {

constexpr std::uint32_t kNone = 0xFFFF'FFFF;
constexpr std::size_t kFirstSlots = 1024;

}  // namespace

std::size_t MergeTable::SlotOf(BpeId left, BpeId right) const {
  const std::uint32_t key = static_cast<std::uint32_t>(left) << 16 | right;
  std::size_t slot = (key * 0x9E37'79B1U) >> shift_;  // Fibonacci hashing: the high bits depend on all of the key
  while (slots_[slot].rank != kNoRank && (slots_[slot].left != left || slots_[slot].right != right))
    slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void MergeTable::Grow() {
  std::vector<Merge> old(slots_.empty() ? kFirstSlots : slots_.size() * 2);
  old.swap(slots_);
  shift_ = 32 - std::countr_zero(slots_.size());
  for (const Merge& merge : old) {
    if (merge.rank != kNoRank) slots_[SlotOf(merge.left, merge.right)] = merge;
  }
}

bool MergeTable::Add(BpeId left, BpeId right, BpeId result) {
  if (size_ == kNoRank) return false;
  if (size_ + 1 > slots_.size() / 4 * 3) Grow();
  Merge& slot = slots_[SlotOf(left, right)];
  if (slot.rank != kNoRank) return false;
  slot = {.left = left, .right = right, .rank = static_cast<std::uint16_t>(size_), .result = result};
  ++size_;
  return true;
}

void BpeEncoder::Propose(std::uint32_t left) {
  const std::uint32_t right = symbols_[left].next;
  if (right == kNone) return;
  const auto merge = rules_.merges.Find(symbols_[left].id, symbols_[right].id);
  if (merge.rank == MergeTable::kNoRank) return;
  candidates_.push_back(std::uint64_t{merge.rank} << 32 | left);
  std::ranges::push_heap(candidates_, std::greater{});
}

const std::vector<BpeId>& BpeEncoder::Encode(std::string_view word) {
  symbols_.clear();
  candidates_.clear();
  ids_.clear();
  const auto size = static_cast<std::uint32_t>(word.size());
  for (std::uint32_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const bool last = i + 1 == size;
    symbols_.push_back({.id = last ? rules_.last_bytes[byte] : rules_.bytes[byte],
                        .gone = false,
                        .previous = i == 0 ? kNone : i - 1,
                        .next = last ? kNone : i + 1});
  }
  for (std::uint32_t i = 0; i < size; ++i) Propose(i);

  while (!candidates_.empty()) {
    std::ranges::pop_heap(candidates_, std::greater{});
    const std::uint64_t candidate = candidates_.back();
    candidates_.pop_back();
    const auto left = static_cast<std::uint32_t>(candidate);
    const std::uint32_t right = symbols_[left].next;
    if (symbols_[left].gone || right == kNone) continue;
    // A neighbour may have been merged away since this candidate was proposed.
    const auto merge = rules_.merges.Find(symbols_[left].id, symbols_[right].id);
    if (merge.rank != candidate >> 32) continue;
    symbols_[left].id = merge.result;
    symbols_[left].next = symbols_[right].next;
    symbols_[right].gone = true;
    if (symbols_[left].next != kNone) symbols_[symbols_[left].next].previous = left;
    Propose(left);
    if (symbols_[left].previous != kNone) Propose(symbols_[left].previous);
  }
  for (std::uint32_t i = 0; i < size; i = symbols_[i].next) {
    ids_.push_back(symbols_[i].id);
    if (symbols_[i].next == kNone) break;
  }
  return ids_;
}

}  // namespace hailo_clip
