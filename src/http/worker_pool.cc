#include "http/worker_pool.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hailo_clip::http {
namespace {

constexpr std::size_t kMaxThreads = 64;
constexpr double kWeight = 0.2;  // of the newest request in the mean

}  // namespace

WorkerPool::WorkerPool(std::size_t capacity, const Clock& clock)
    : capacity_(std::max<std::size_t>(capacity, 1)), clock_(clock), queue_(capacity_) {
  const std::size_t threads = std::min(capacity_, kMaxThreads);
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { RunWorker(); });
}

WorkerPool::~WorkerPool() { queue_.Close(); }

bool WorkerPool::Admit(const std::string& client) {
  const SteadyTime now = clock_.Now();
  const std::lock_guard lock(mutex_);
  std::erase_if(clients_,
                [&](const auto& entry) { return entry.second.inside == 0 && entry.second.waits_until <= now; });
  Client& own = clients_[client];
  const bool others_wait = std::ranges::any_of(
      clients_, [&](const auto& entry) { return &entry.second != &own && entry.second.waits_until > now; });
  const std::size_t share = std::max<std::size_t>(capacity_ / clients_.size(), 1);
  if (inside_ >= capacity_ || (others_wait && own.inside >= share)) {
    if (own.inside < share) own.waits_until = now + std::chrono::seconds(RetryAfterSeconds() + 1);
    return false;
  }
  own.waits_until = {};
  ++own.inside;
  ++inside_;
  return true;
}

bool WorkerPool::TryRun(const std::string& client, std::function<void()> work) {
  if (!Admit(client)) return false;
  if (queue_.TryPush({client, std::move(work), clock_.Now()})) return true;
  Leave(client);  // the pool ends
  return false;
}

void WorkerPool::Leave(const std::string& client) {
  const std::lock_guard lock(mutex_);
  --clients_[client].inside;
  --inside_;
}

std::size_t WorkerPool::inside() const {
  const std::lock_guard lock(mutex_);
  return inside_;
}

int WorkerPool::RetryAfterSeconds() const {
  return static_cast<int>(std::clamp(std::ceil(mean_ms_ / 1000.0), 1.0, 60.0));
}

void WorkerPool::RunWorker() {
  while (auto entry = queue_.Pop()) {
    entry->work();
    entry->work = nullptr;  // what it holds is gone before the place is given away
    const double stay_ms = MillisecondsBetween(entry->entered, clock_.Now());
    // Two threads may lose one of two updates here, which does not matter for an estimate.
    mean_ms_ = mean_ms_ == 0 ? stay_ms : mean_ms_ + kWeight * (stay_ms - mean_ms_);
    Leave(entry->client);
  }
}

}  // namespace hailo_clip::http
