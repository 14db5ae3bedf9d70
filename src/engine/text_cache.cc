#include "engine/text_cache.h"

#include <utility>

namespace hailo_clip {

std::string TextCache::Key(std::string_view fingerprint, std::span<const std::int32_t> token_ids) {
  std::string key(fingerprint);
  const auto bytes = std::as_bytes(token_ids);
  key.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return key;
}

SharedEmbedding TextCache::Find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->embedding;
}

void TextCache::Insert(const std::string& key, SharedEmbedding embedding) {
  if (max_entries_ == 0) return;
  const std::lock_guard lock(mutex_);
  if (by_key_.contains(key)) return;  // another request was faster; the values are the same
  entries_.push_front({key, std::move(embedding)});
  by_key_.emplace(entries_.front().key, entries_.begin());
  if (entries_.size() > max_entries_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

std::size_t TextCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace hailo_clip
