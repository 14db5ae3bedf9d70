// Ends an ONNX Runtime call that takes too long.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"

namespace hailo_clip {

// Belongs to one encoder: Arm before a call, Disarm after it. If the time passes first, the runtime is told to stop at
// its next node and the call fails. One thread, asleep while nothing is armed.
class RunLimit {
 public:
  explicit RunLimit(std::chrono::milliseconds limit);
  ~RunLimit();
  RunLimit(const RunLimit&) = delete;
  RunLimit& operator=(const RunLimit&) = delete;

  [[nodiscard]] const Ort::RunOptions& Arm();
  // True if the limit was what ended the call.
  [[nodiscard]] bool Disarm();

 private:
  void Watch(const std::stop_token& stop);

  const std::chrono::milliseconds limit_;
  Ort::RunOptions options_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::optional<SteadyTime> deadline_;
  bool expired_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace hailo_clip
