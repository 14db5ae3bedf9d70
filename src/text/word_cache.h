// Remembers the token ids of words that were encoded lately.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "text/bpe.h"

namespace hailo_clip {

// A fixed table of one-cache-line slots, two to a bucket, each guarded by a version number (a sequence lock made of
// atomics only). Why not a map and a mutex: readers write nothing, so threads that read the same "a photo of"
// never wait for each other or pass a lock's cache line around, nothing is allocated after construction, and the
// bound is exact (kSlots * 64 bytes). The price is that a cache may miss whenever it likes: a word that is being
// written, or that another one displaced, is simply encoded again. Thread-safe.
class WordCache {
 public:
  static constexpr std::size_t kSlots = 4096;  // 256 KiB
  static constexpr std::size_t kMaxWordBytes = 30;
  static constexpr std::size_t kMaxIds = 12;

  WordCache();

  // Appends the word's ids to `out`; false, with `out` untouched, if they are not known.
  [[nodiscard]] bool Find(std::string_view word, std::vector<std::int32_t>& out) const;

  // Remembers, unless the word or its ids are too long for a slot or another thread is writing there.
  void Insert(std::string_view word, std::span<const BpeId> ids);

 private:
  // A word with its length, then its ids: eight bytes at a time, because that is how slots are read and compared.
  // Word 3 holds the length in byte 6 and the number of ids in byte 7; unused bytes are zero.
  static constexpr std::size_t kKeyWords = 4;
  static constexpr std::size_t kIdWords = 3;
  using Key = std::array<std::uint64_t, kKeyWords>;  // the number of ids is 0 here
  using Ids = std::array<std::uint64_t, kIdWords>;

  struct alignas(64) Slot {
    std::atomic<std::uint64_t> version = 0;  // 0 empty, odd while it is written
    std::array<std::atomic<std::uint64_t>, kKeyWords + kIdWords> words{};
  };

  static Key MakeKey(std::string_view word);
  static std::uint64_t Hash(const Key& key);
  static bool Read(const Slot& slot, const Key& key, std::vector<std::int32_t>& out);
  static void Write(Slot& slot, const Key& key, std::span<const BpeId> ids);

  std::unique_ptr<Slot[]> slots_;
};

}  // namespace hailo_clip
