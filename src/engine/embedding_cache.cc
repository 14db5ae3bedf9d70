#include "engine/embedding_cache.h"

#include <utility>

namespace hailo_clip {
namespace {

constexpr std::size_t kOverhead = 160;  // of an entry beside its key and numbers: list and table nodes, shared pointer

}  // namespace

std::string CacheKey(std::string_view fingerprint, std::span<const std::byte> input) {
  std::string key(fingerprint);
  key.append(reinterpret_cast<const char*>(input.data()), input.size());
  return key;
}

EmbeddingCache::Lookup EmbeddingCache::Find(std::string key) {
  Lookup lookup(*this, std::move(key));
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(lookup.key_); found != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    lookup.found_ = found->second->embedding;
    Count(metrics_.hits);
    return lookup;
  }
  auto& flight = flights_[lookup.key_];
  lookup.leads_ = flight == nullptr;
  if (lookup.leads_) flight = std::make_shared<Flight>();
  Count(lookup.leads_ ? metrics_.misses : metrics_.joined);
  lookup.flight_ = flight;
  return lookup;
}

void EmbeddingCache::End(const std::string& key, Flight& flight, SharedEmbedding embedding) {
  {
    const std::lock_guard lock(mutex_);
    flight.over = true;
    flight.embedding = embedding;
    flights_.erase(key);
    if (embedding != nullptr) Insert(key, std::move(embedding));
  }
  ended_.notify_all();
}

std::size_t EmbeddingCache::BytesOf(const Entry& entry) {
  return entry.key.size() + entry.embedding->size() * sizeof(float) + kOverhead;
}

void EmbeddingCache::Insert(const std::string& key, SharedEmbedding embedding) {
  if (limits_.entries == 0) return;
  Entry entry{key, std::move(embedding)};
  const std::size_t bytes = BytesOf(entry);
  if (bytes > limits_.bytes) return;
  entries_.push_front(std::move(entry));
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
  while (entries_.size() > limits_.entries || bytes_ > limits_.bytes) {
    bytes_ -= BytesOf(entries_.back());
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

std::size_t EmbeddingCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::size_t EmbeddingCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

EmbeddingCache::Lookup::Lookup(Lookup&& other) noexcept
    : cache_(other.cache_),
      key_(std::move(other.key_)),
      found_(std::move(other.found_)),
      flight_(std::move(other.flight_)),
      leads_(std::exchange(other.leads_, false)) {}

EmbeddingCache::Lookup::~Lookup() {
  if (leads_) cache_->End(key_, *flight_, nullptr);
}

void EmbeddingCache::Lookup::Publish(SharedEmbedding embedding) {
  leads_ = false;
  cache_->End(key_, *flight_, std::move(embedding));
}

Result<SharedEmbedding> EmbeddingCache::Lookup::Wait(const RequestContext& context) {
  std::unique_lock lock(cache_->mutex_);
  const auto over = [this] { return flight_->over; };
  const bool ended = context.deadline == SteadyTime::max()
                         ? cache_->ended_.wait(lock, context.cancelled, over)
                         : cache_->ended_.wait_until(lock, context.cancelled, context.deadline, over);
  if (ended) return flight_->embedding;
  if (context.cancelled.stop_requested()) return Fail(ErrorCode::kCancelled, "the client is gone");
  return Fail(ErrorCode::kDeadlineExceeded, "the request's time ran out");
}

}  // namespace hailo_clip
