#include "text/word_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace hailo_clip {

WordCache::WordCache() : slots_(std::make_unique<Slot[]>(kSlots)) {
  static_assert(sizeof(Content) == 56 && sizeof(Slot) == 64);
}

WordCache::Content WordCache::MakeKey(std::string_view word) {
  Content key;
  std::memcpy(key.word.data(), word.data(), word.size());
  key.word_size = static_cast<std::uint8_t>(word.size());
  return key;
}

std::uint64_t WordCache::Hash(const Content& key) {
  const auto words = std::bit_cast<Words>(key);
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < kKeyWords; ++i) hash = (std::rotl(hash, 29) ^ words[i]) * 0x9E37'79B9'7F4A'7C15U;
  return hash ^ hash >> 32;
}

// The loads and stores follow Boehm, "Can seqlocks get along with programming language memory models?" (2012):
// whoever reads a word of a later write, by acquire from release, also sees the version that began that write.
bool WordCache::Read(const Slot& slot, const Content& key, Content& found) {
  const std::uint64_t version = slot.version.load(std::memory_order_acquire);
  if (version == 0 || version % 2 != 0) return false;
  Words words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = slot.words[i].load(std::memory_order_acquire);
  if (slot.version.load(std::memory_order_relaxed) != version) return false;
  found = std::bit_cast<Content>(words);
  return found.word_size == key.word_size && found.word == key.word;
}

void WordCache::Write(Slot& slot, const Content& content) {
  std::uint64_t version = slot.version.load(std::memory_order_relaxed);
  if (version % 2 != 0) return;
  if (!slot.version.compare_exchange_strong(version, version + 1, std::memory_order_acq_rel)) return;
  const auto words = std::bit_cast<Words>(content);
  for (std::size_t i = 0; i < words.size(); ++i) slot.words[i].store(words[i], std::memory_order_release);
  slot.version.store(version + 2, std::memory_order_release);
}

bool WordCache::Find(std::string_view word, std::vector<std::int32_t>& out) const {
  if (word.size() > kMaxWordBytes) return false;
  const Content key = MakeKey(word);
  const std::size_t bucket = Hash(key) % kSlots & ~std::size_t{1};
  Content found;
  if (!Read(slots_[bucket], key, found) && !Read(slots_[bucket + 1], key, found)) return false;
  out.insert(out.end(), found.ids.begin(), found.ids.begin() + found.id_count);
  return true;
}

void WordCache::Insert(std::string_view word, std::span<const BpeId> ids) {
  if (word.size() > kMaxWordBytes || ids.size() > kMaxIds) return;
  Content content = MakeKey(word);
  const std::uint64_t hash = Hash(content);
  const std::size_t bucket = hash % kSlots & ~std::size_t{1};
  content.id_count = static_cast<std::uint8_t>(ids.size());
  std::ranges::copy(ids, content.ids.begin());
  // A free slot if there is one, else the one that the hash names.
  for (const std::size_t slot : {bucket, bucket + 1}) {
    if (slots_[slot].version.load(std::memory_order_relaxed) == 0) return Write(slots_[slot], content);
  }
  Write(slots_[bucket + (hash >> 63)], content);
}

}  // namespace hailo_clip
