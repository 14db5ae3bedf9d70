// What the main thread looks after while the service runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "engine/engine.h"
#include "http/server.h"

namespace hailo_clip {

// Tells systemd that the service is ready, once the main model has passed its self-test; then that it is alive, which
// it is as long as its I/O threads do what they are given and no encoder hangs. Gives unused memory back. Used by one
// thread, which calls Tick every `period`.
class ServiceWatch {
 public:
  // All of them outlive it.
  ServiceWatch(const Config& config, const Engine& engine, http::Server& server, const Logger& logger,
               const Clock& clock);

  [[nodiscard]] std::chrono::milliseconds period() const;  // shorter until the start is over
  void Tick();

  // Around taking over a changed configuration.
  void BeginReload() const;
  void EndReload() const;

 private:
  void FollowStart();
  [[nodiscard]] std::string ServingStatus() const;
  void Feed();
  void TrimMemory();

  const Engine& engine_;
  http::Server& server_;
  const Logger& logger_;
  const Clock& clock_;
  const bool watched_;  // the unit has a WatchdogSec
  const std::chrono::milliseconds period_;
  const std::chrono::milliseconds longest_stall_;
  const SteadyTime started_;
  HealthState told_ = HealthState::kStarting;  // what systemd knows
  SteadyTime extend_at_;
  bool warned_ = false;
  std::uint64_t requests_seen_ = 0;
  bool trimmed_ = true;
};

}  // namespace hailo_clip
