// Threads that run request handlers, and the rule of how many requests may be inside.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/clock.h"

namespace hailo_clip::http {

// At most `capacity` requests are inside at once, running or waiting. Each has a thread of its own up to 64, since a
// handler mostly waits for the engine (which limits decoding and forms batches of those that wait). Thread-safe.
class WorkerPool {
 public:
  WorkerPool(std::size_t capacity, const Clock& clock);
  ~WorkerPool();  // runs what is inside, then ends the threads
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False if it is full. `work` must not throw.
  [[nodiscard]] bool TryRun(std::function<void()> work);

  [[nodiscard]] std::size_t inside() const { return inside_; }

  // How long a client that was refused should wait: requests stay inside for the measured mean time, so after that
  // long those that are inside now are done (Little's law). In [1, 60].
  [[nodiscard]] int RetryAfterSeconds() const;

 private:
  void RunWorker();

  const std::size_t capacity_;
  const Clock& clock_;
  std::atomic<std::size_t> inside_ = 0;
  std::atomic<double> mean_ms_ = 0;  // exponentially weighted, of one request's stay
  struct Entry {
    std::function<void()> work;
    SteadyTime entered;
  };
  BoundedQueue<Entry> queue_;
  std::vector<std::jthread> threads_;  // last: they use the members above
};

}  // namespace hailo_clip::http
