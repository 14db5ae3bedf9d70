#include "backend/onnx/run_limit.h"

namespace hailo_clip {

RunLimit::RunLimit(std::chrono::milliseconds limit)
    : limit_(limit), thread_([this](const std::stop_token& stop) { Watch(stop); }) {}

RunLimit::~RunLimit() = default;

const Ort::RunOptions& RunLimit::Arm() {
  const std::lock_guard lock(mutex_);
  options_.UnsetTerminate();
  expired_ = false;
  // The watcher is not woken: it looks at least once a limit, so it can be late by that much and no more, and a call
  // costs no context switch.
  deadline_ = std::chrono::steady_clock::now() + limit_;
  return options_;
}

bool RunLimit::Disarm() {
  const std::lock_guard lock(mutex_);
  deadline_.reset();
  return expired_;
}

void RunLimit::Watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (deadline_.has_value() && *deadline_ <= now) {
      options_.SetTerminate();
      expired_ = true;
      deadline_.reset();
    }
    changed_.wait_until(lock, stop, deadline_.value_or(now + limit_), [] { return false; });
  }
}

}  // namespace hailo_clip
