// Embeddings that were computed before, and those that are being computed now.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "engine/metrics.h"
#include "engine/request_context.h"

namespace hailo_clip {

using SharedEmbedding = std::shared_ptr<const std::vector<float>>;  // of unit length, never changed

// What names an embedding: the model's fingerprint and the input, token ids or the digest of a picture.
[[nodiscard]] std::string CacheKey(std::string_view fingerprint, std::span<const std::byte> input);

// The least recently used entry goes when there are more entries or bytes than the limits; 0 of either keeps nothing.
// Whoever asks for what another request is computing waits for it instead of computing it again ("single flight"),
// also when nothing is kept. Thread-safe; outlives its lookups.
class EmbeddingCache {
 public:
  struct Limits {
    std::size_t entries = 0;
    std::size_t bytes = 0;  // of keys, embeddings and the list around them
  };

  class Lookup;

  explicit EmbeddingCache(const Limits& limits, CacheMetrics metrics = {}) : limits_(limits), metrics_(metrics) {}

  [[nodiscard]] Lookup Find(std::string key);

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Entry {
    std::string key;
    SharedEmbedding embedding;
  };
  struct Flight {
    bool over = false;
    SharedEmbedding embedding;  // nullptr if it was given up
  };

  [[nodiscard]] static std::size_t BytesOf(const Entry& entry);
  void End(const std::string& key, Flight& flight, SharedEmbedding embedding);
  void Insert(const std::string& key, SharedEmbedding embedding);

  const Limits limits_;
  const CacheMetrics metrics_;
  mutable std::mutex mutex_;
  std::condition_variable_any ended_;  // of any flight
  std::list<Entry> entries_;           // most recently used first
  std::size_t bytes_ = 0;
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  // views into entries_
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
};

// One request's claim on one embedding. Of all that ask for the same one at the same time, one leads: it must compute
// the embedding and Publish it; if it is destroyed before, the others are told to look again. A caller with several
// lookups publishes all that it leads before it waits for any other, so that two callers never wait for each other.
// Used by one thread.
class EmbeddingCache::Lookup {
 public:
  ~Lookup();
  Lookup(Lookup&& other) noexcept;
  Lookup& operator=(Lookup&&) = delete;

  [[nodiscard]] const SharedEmbedding& found() const { return found_; }  // nullptr: lead or wait
  [[nodiscard]] bool leads() const { return leads_; }

  // Only if leads().
  void Publish(SharedEmbedding embedding);

  // Only if it neither was found nor leads: waits for who leads. nullptr: it was given up, so look again.
  // kDeadlineExceeded or kCancelled if the context ends first.
  [[nodiscard]] Result<SharedEmbedding> Wait(const RequestContext& context);

 private:
  friend class EmbeddingCache;
  Lookup(EmbeddingCache& cache, std::string key) : cache_(&cache), key_(std::move(key)) {}

  EmbeddingCache* cache_;
  std::string key_;
  SharedEmbedding found_;
  std::shared_ptr<Flight> flight_;
  bool leads_ = false;
};

}  // namespace hailo_clip
