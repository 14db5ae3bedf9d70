// Threads that run request handlers, and the rule of how many requests may be inside.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/bounded_queue.h"
#include "base/clock.h"

namespace hailo_clip::http {

// At most `capacity` requests are inside at once, running or waiting. Clients, told apart by address, get equal shares
// of the places as long as one of them waits, that is, was refused a moment ago: one alone may take all, but cannot
// keep others out. Each has a thread of its own up to 64, since a handler mostly waits for the engine (which limits
// decoding and forms batches of those that wait). Thread-safe.
class WorkerPool {
 public:
  WorkerPool(std::size_t capacity, const Clock& clock);
  ~WorkerPool();  // runs what is inside, then ends the threads
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False if it is full, or if `client` has its share of the places while another one waits. `work` must not throw.
  [[nodiscard]] bool TryRun(const std::string& client, std::function<void()> work);

  [[nodiscard]] std::size_t inside() const;

  // How long a client that was refused should wait: requests stay inside for the measured mean time, so after that
  // long those that are inside now are done (Little's law). In [1, 60].
  [[nodiscard]] int RetryAfterSeconds() const;

 private:
  struct Entry {
    std::string client;
    std::function<void()> work;
    SteadyTime entered;
  };
  struct Client {
    std::size_t inside = 0;
    SteadyTime waits_until;  // after a refusal: until it should have come again
  };

  [[nodiscard]] bool Admit(const std::string& client);
  void Leave(const std::string& client);
  void RunWorker();

  const std::size_t capacity_;
  const Clock& clock_;
  std::atomic<double> mean_ms_ = 0;  // exponentially weighted, of one request's stay
  mutable std::mutex mutex_;         // guards what follows, up to clients_
  std::size_t inside_ = 0;
  std::unordered_map<std::string, Client> clients_;  // those that are inside or wait
  BoundedQueue<Entry> queue_;
  std::vector<std::jthread> threads_;  // last: they use the members above
};

}  // namespace hailo_clip::http
