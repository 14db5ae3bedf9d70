#include "cli/service_watch.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <optional>

#include "cli/service_manager.h"

namespace hailo_clip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kQuiet{2'000};              // without a request for so long, unused memory goes back
constexpr milliseconds kStartPeriod{50};           // how late systemd may hear of the end of the start
constexpr seconds kStartExtension{30};             // far more than kStartPeriod
constexpr std::chrono::minutes kLongestStart{15};  // a large model, hashed from a slow SD card
constexpr milliseconds kStallMargin{10'000};       // beyond clip.device_timeout_ms, which should have ended the call

milliseconds PeriodOf() {
  const auto watchdog = WatchdogPeriod();
  if (!watchdog.has_value()) return kQuiet;
  return std::min(kQuiet, std::chrono::duration_cast<milliseconds>(*watchdog / 3));
}

}  // namespace

ServiceWatch::ServiceWatch(const Config& config, const Engine& engine, http::Server& server, const Logger& logger,
                           const Clock& clock)
    : engine_(engine),
      server_(server),
      logger_(logger),
      clock_(clock),
      watched_(WatchdogPeriod().has_value()),
      period_(PeriodOf()),
      longest_stall_(milliseconds(config.clip.device_timeout_ms) + kStallMargin),
      started_(clock.Now()) {}

milliseconds ServiceWatch::period() const { return told_ == HealthState::kStarting ? kStartPeriod : period_; }

void ServiceWatch::Tick() {
  if (told_ == HealthState::kStarting) FollowStart();
  if (watched_) Feed();
  TrimMemory();
}

// A model that does not work is never ready. The service stays for a while, so that /health can say why; then the
// unit's TimeoutStartSec ends it, and the next start looks whether somebody has mended the model.
void ServiceWatch::FollowStart() {
  const Health health = engine_.health();
  told_ = health.state;
  if (health.state == HealthState::kHealthy) {
    NotifyReady(ServingStatus());
  } else if (health.state == HealthState::kUnhealthy) {
    NotifyStatus(fmt::format("unhealthy: {}", health.reason));
  } else if (clock_.Now() - started_ < kLongestStart && clock_.Now() >= extend_at_) {
    NotifyStillStarting(kStartExtension);
    extend_at_ = clock_.Now() + kStartExtension / 3;
  }
}

std::string ServiceWatch::ServingStatus() const {
  const std::optional<ModelIdentity> model = engine_.health().model;
  return model.has_value() ? fmt::format("serving {} on {}", model->name, model->backend) : "serving";
}

void ServiceWatch::BeginReload() const {
  if (told_ == HealthState::kHealthy) NotifyReloading();
}

void ServiceWatch::EndReload() const {
  if (told_ == HealthState::kHealthy) NotifyReady(ServingStatus());
}

void ServiceWatch::Feed() {
  const bool moving = server_.Beat();
  const milliseconds stall = engine_.StalledFor();
  if (moving && stall < longest_stall_) {
    NotifyAlive();
    warned_ = false;
  } else if (!warned_) {
    logger_.Error("systemd is no longer told that the service is alive, and will restart it unless this passes",
                  {{"reason", moving ? "an encoder hangs" : "the I/O threads hang"}, {"encoder_ms", stall.count()}});
    warned_ = true;
  }
}

// Once requests have come and then none for a while, the heap's free pages go back to the system: the allocator keeps
// what a burst of large photos needed, in every thread's arena, as long as the program runs.
void ServiceWatch::TrimMemory() {
  const std::uint64_t requests = server_.counters().requests;
  if (requests == requests_seen_ && !trimmed_) ::malloc_trim(0);
  trimmed_ = requests == requests_seen_;
  requests_seen_ = requests;
}

}  // namespace hailo_clip
