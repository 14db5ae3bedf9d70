#include "base/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace hailo_clip {

void ParallelFor(std::size_t count, std::size_t threads, const std::function<bool(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> ended = false;
  std::mutex mutex;
  std::exception_ptr exception;  // the first; guarded by mutex
  const auto run = [&] {
    try {
      while (!ended) {
        const std::size_t i = next++;
        if (i >= count) return;
        if (!work(i)) ended = true;
      }
    } catch (...) {
      ended = true;
      const std::lock_guard lock(mutex);
      if (!exception) exception = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;  // joined at the end of this block
    try {
      for (std::size_t i = 1; i < std::min(threads, count); ++i) others.emplace_back(run);
    } catch (const std::exception&) {  // no thread or no memory left: those that run do all of it
    }
    run();
  }
  if (exception) std::rethrow_exception(exception);
}

}  // namespace hailo_clip
