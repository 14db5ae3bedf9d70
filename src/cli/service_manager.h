// What passes between systemd and this service; every call does nothing where there is no systemd.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// sd_notify(3). `status` is the line that `systemctl status` shows. Thread-safe.
void NotifyReady(std::string_view status);
void NotifyStatus(std::string_view status);
void NotifyReloading();  // NotifyReady ends it
void NotifyStopping(std::string_view status);
// While starting: that it takes up to `more` longer than TimeoutStartSec allows.
void NotifyStillStarting(std::chrono::seconds more);
void NotifyAlive();  // what WatchdogSec waits for

// The unit's WatchdogSec, nullopt without one.
[[nodiscard]] std::optional<std::chrono::microseconds> WatchdogPeriod();

// The socket that hailo-clip.socket listens on, nullopt if the service was started without it. Owned by the caller.
// kInvalidArgument if it is not exactly one listening TCP socket.
[[nodiscard]] Result<std::optional<int>> TakeListeningSocket();

}  // namespace hailo_clip
