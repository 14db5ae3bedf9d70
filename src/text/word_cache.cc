#include "text/word_cache.h"

#include <bit>
#include <cstring>

namespace hailo_clip {
namespace {

constexpr int kBucketShift = 64 - (std::countr_zero(WordCache::kSlots) - 1);  // a hash's high bits name a bucket
constexpr int kCountShift = 56;                                               // of the number of ids in word 3

}  // namespace

WordCache::WordCache() : slots_(std::make_unique<Slot[]>(kSlots)) { static_assert(sizeof(Slot) == 64); }

WordCache::Key WordCache::MakeKey(std::string_view word) {
  static_assert(std::endian::native == std::endian::little, "bytes 6 and 7 of word 3 are its highest");
  std::array<char, kKeyWords * 8> bytes{};
  std::memcpy(bytes.data(), word.data(), word.size());
  bytes[kMaxWordBytes] = static_cast<char>(word.size());
  return std::bit_cast<Key>(bytes);
}

std::uint64_t WordCache::Hash(const Key& key) {
  // Odd constants without meaning; the four products do not wait for each other.
  const std::uint64_t sum = key[0] * 0x9E37'79B9'7F4A'7C15U + key[1] * 0xC2B2'AE3D'27D4'EB4FU +
                            key[2] * 0x1656'67B1'9E37'79F9U + key[3] * 0x85EB'CA77'C2B2'AE63U;
  return (sum ^ sum >> 32) * 0x9E37'79B9'7F4A'7C15U;
}

// The loads and stores follow Boehm, "Can seqlocks get along with programming language memory models?" (2012):
// whoever reads a word of a later write, by acquire from release, also sees the version that began that write.
bool WordCache::Read(const Slot& slot, const Key& key, std::vector<std::int32_t>& out) {
  const std::uint64_t version = slot.version.load(std::memory_order_acquire);
  for (std::size_t i = 0; i + 1 < kKeyWords; ++i) {
    if (slot.words[i].load(std::memory_order_acquire) != key[i]) return false;
  }
  const std::uint64_t last = slot.words[kKeyWords - 1].load(std::memory_order_acquire);
  const std::size_t count = last >> kCountShift;
  if ((last ^ key[kKeyWords - 1]) << 8 != 0 || count > kMaxIds) return false;
  Ids ids{};
  for (std::size_t i = 0; i * 4 < count; ++i) ids[i] = slot.words[kKeyWords + i].load(std::memory_order_acquire);
  if (version % 2 != 0 || slot.version.load(std::memory_order_relaxed) != version) return false;
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<BpeId>(ids[i / 4] >> i % 4 * 16));
  return true;
}

void WordCache::Write(Slot& slot, const Key& key, std::span<const BpeId> ids) {
  Ids packed{};
  for (std::size_t i = 0; i < ids.size(); ++i) packed[i / 4] |= std::uint64_t{ids[i]} << i % 4 * 16;
  std::uint64_t version = slot.version.load(std::memory_order_relaxed);
  if (version % 2 != 0) return;
  if (!slot.version.compare_exchange_strong(version, version + 1, std::memory_order_acq_rel)) return;
  for (std::size_t i = 0; i < kKeyWords; ++i) {
    const std::uint64_t count = i + 1 == kKeyWords ? std::uint64_t{ids.size()} << kCountShift : 0;
    slot.words[i].store(key[i] | count, std::memory_order_release);
  }
  for (std::size_t i = 0; i < kIdWords; ++i) slot.words[kKeyWords + i].store(packed[i], std::memory_order_release);
  slot.version.store(version + 2, std::memory_order_release);
}

bool WordCache::Find(std::string_view word, std::vector<std::int32_t>& out) const {
  if (word.empty() || word.size() > kMaxWordBytes) return false;  // an empty slot would pass for the empty word
  const Key key = MakeKey(word);
  const std::size_t bucket = Hash(key) >> kBucketShift << 1;
  return Read(slots_[bucket], key, out) || Read(slots_[bucket + 1], key, out);
}

void WordCache::Insert(std::string_view word, std::span<const BpeId> ids) {
  if (word.empty() || word.size() > kMaxWordBytes || ids.size() > kMaxIds) return;
  const Key key = MakeKey(word);
  const std::uint64_t hash = Hash(key);
  const std::size_t bucket = hash >> kBucketShift << 1;
  // A free slot if there is one, else the one that the hash names.
  for (const std::size_t slot : {bucket, bucket + 1}) {
    if (slots_[slot].version.load(std::memory_order_relaxed) == 0) return Write(slots_[slot], key, ids);
  }
  Write(slots_[bucket + hash % 2], key, ids);
}

}  // namespace hailo_clip
