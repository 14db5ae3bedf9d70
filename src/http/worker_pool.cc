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

bool WorkerPool::TryRun(std::function<void()> work) {
  if (inside_.fetch_add(1) < capacity_ && queue_.TryPush(Entry{std::move(work), clock_.Now()})) return true;
  --inside_;
  return false;
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
    --inside_;
  }
}

}  // namespace hailo_clip::http
