// Time as the service sees it: monotonic, injectable.
#pragma once

#include <chrono>

namespace hailo_clip {

using SteadyTime = std::chrono::steady_clock::time_point;

// Thread-safe. The system's clock is monotonic: a wall clock that jumps at boot (no RTC) changes nothing.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime Now() const { return std::chrono::steady_clock::now(); }
};

[[nodiscard]] inline double MillisecondsBetween(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace hailo_clip
