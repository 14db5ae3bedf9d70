// The pieces of a body between the worker that makes them and the connection that sends them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/request_context.h"

namespace hailo_clip::http {

// Holds at most `capacity` bytes and one piece more, so that a client that reads slowly stops whoever writes.
// Thread-safe.
class BodyChannel {
 public:
  // Writers wait until the context's deadline, or until it is cancelled. `wake` is called whenever Take has something
  // new, from the thread that wrote.
  BodyChannel(std::size_t capacity, RequestContext context, std::function<void()> wake)
      : capacity_(capacity), context_(std::move(context)), wake_(std::move(wake)) {}
  BodyChannel(const BodyChannel&) = delete;
  BodyChannel& operator=(const BodyChannel&) = delete;

  // Waits for room; false if it gave up.
  [[nodiscard]] bool Write(std::string_view piece) {
    {
      std::unique_lock lock(mutex_);
      const auto room = [this] { return pending_.size() < capacity_; };
      const bool has_room = context_.deadline == SteadyTime::max()
                                ? taken_.wait(lock, context_.cancelled, room)
                                : taken_.wait_until(lock, context_.cancelled, context_.deadline, room);
      if (!has_room || context_.cancelled.stop_requested()) return false;
      pending_ += piece;
    }
    wake_();
    return true;
  }

  // The last piece, which does not wait.
  void Close(std::string_view piece) {
    {
      const std::lock_guard lock(mutex_);
      pending_ += piece;
      closed_ = true;
    }
    wake_();
  }

  // All that is there, "" if nothing is; nullopt after the end.
  [[nodiscard]] std::optional<std::string> Take() {
    std::optional<std::string> taken;
    {
      const std::lock_guard lock(mutex_);
      if (closed_ && pending_.empty()) return std::nullopt;
      taken = std::exchange(pending_, {});
    }
    taken_.notify_all();
    return taken;
  }

 private:
  const std::size_t capacity_;
  const RequestContext context_;
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable_any taken_;
  std::string pending_;  // guarded by mutex_, like what follows
  bool closed_ = false;
};

}  // namespace hailo_clip::http
