// A counting semaphore that gives up at a deadline or when it is told to stop.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>

#include "base/clock.h"

namespace hailo_clip {

// std::counting_semaphore cannot be told to stop waiting. Thread-safe.
class Semaphore {
 public:
  explicit Semaphore(std::size_t count) : count_(count) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  void Acquire() { static_cast<void>(AcquireUntil(SteadyTime::max(), {})); }

  // False if the deadline passed, or if stop was requested, before a place was free.
  [[nodiscard]] bool AcquireUntil(SteadyTime deadline, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto free = [this] { return count_ > 0; };
    const bool acquired = deadline == SteadyTime::max() ? released_.wait(lock, stop, free)
                                                        : released_.wait_until(lock, stop, deadline, free);
    if (acquired) --count_;
    return acquired;
  }

  void Release() {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    released_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any released_;
  std::size_t count_;
};

}  // namespace hailo_clip
