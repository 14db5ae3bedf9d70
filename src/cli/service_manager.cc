#include "cli/service_manager.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace hailo_clip {
namespace {

void Notify(const std::string& message) { static_cast<void>(::sd_notify(0, message.c_str())); }

// A line of the protocol ends at the line's end.
std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  return line;
}

}  // namespace

void NotifyReady(std::string_view status) { Notify(fmt::format("READY=1\nSTATUS={}", OneLine(status))); }

void NotifyStatus(std::string_view status) { Notify(fmt::format("STATUS={}", OneLine(status))); }

void NotifyReloading() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  Notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                     std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void NotifyStopping(std::string_view status) { Notify(fmt::format("STOPPING=1\nSTATUS={}", OneLine(status))); }

void NotifyStillStarting(std::chrono::seconds more) {
  Notify(fmt::format("EXTEND_TIMEOUT_USEC={}", std::chrono::microseconds(more).count()));
}

void NotifyAlive() { Notify("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> WatchdogPeriod() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds);
}

Result<std::optional<int>> TakeListeningSocket() {
  const int count = ::sd_listen_fds(1);
  if (count == 0) return std::nullopt;
  if (count != 1 || ::sd_is_socket(SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
      ::sd_is_socket(SD_LISTEN_FDS_START, AF_UNIX, SOCK_STREAM, 1) > 0)
    return Fail(ErrorCode::kInvalidArgument,
                "systemd handed over something else than one listening TCP socket; hailo-clip.socket must have one "
                "ListenStream= with an address and a port");
  return SD_LISTEN_FDS_START;
}

}  // namespace hailo_clip
