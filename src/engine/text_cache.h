// Embeddings of texts that were encoded before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hailo_clip {

using SharedEmbedding = std::shared_ptr<const std::vector<float>>;  // of unit length, never changed

// The least recently used entry goes when there are more than `max_entries`; 0 keeps nothing. Keyed by the model's
// fingerprint and the token ids, so texts that differ only in what the tokenizer ignores share an entry and a model
// never sees another's. Thread-safe.
class TextCache {
 public:
  explicit TextCache(std::size_t max_entries) : max_entries_(max_entries) {}

  [[nodiscard]] static std::string Key(std::string_view fingerprint, std::span<const std::int32_t> token_ids);

  // nullptr if it is not there.
  [[nodiscard]] SharedEmbedding Find(const std::string& key);
  void Insert(const std::string& key, SharedEmbedding embedding);

  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    SharedEmbedding embedding;
  };

  const std::size_t max_entries_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;                                                 // most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  // views into entries_
};

}  // namespace hailo_clip
