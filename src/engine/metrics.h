// What the engine counts and times, for /metrics and /v1/stats. Names and units follow the Prometheus conventions.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <string_view>

#include "base/clock.h"

namespace hailo_clip {

// Of one encoder of one model. A default one counts nothing: every member may be null.
struct EncoderMetrics {
  prometheus::Histogram* batch_size = nullptr;      // inputs
  prometheus::Histogram* queue_seconds = nullptr;   // from being added to being submitted
  prometheus::Histogram* device_seconds = nullptr;  // from being submitted to being answered, a batch
  prometheus::Counter* busy_seconds = nullptr;      // time with at least one batch at the device
  prometheus::Gauge* waiting = nullptr;             // inputs
  prometheus::Counter* dropped = nullptr;           // inputs whose client left or whose time ran out in the queue
};

struct CacheMetrics {
  prometheus::Counter* hits = nullptr;
  prometheus::Counter* joined = nullptr;  // waited for an encoding that another request had begun
  prometheus::Counter* misses = nullptr;
};

// Counts and times only if there is something to do it in.
inline void Count(prometheus::Counter* counter, double amount = 1) {
  if (counter != nullptr) counter->Increment(amount);
}
inline void Observe(prometheus::Histogram* histogram, double value) {
  if (histogram != nullptr) histogram->Observe(value);
}

// What a request goes through. Decoding includes waiting for a turn.
enum class Stage { kParse, kDecode, kEncodeImage, kEncodeText, kScore };

// Observes the time since it was made.
class StageTimer {
 public:
  StageTimer(prometheus::Histogram& histogram, const Clock& clock)
      : histogram_(histogram), clock_(clock), start_(clock.Now()) {}
  ~StageTimer() { histogram_.Observe(MillisecondsBetween(start_, clock_.Now()) / 1000); }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  prometheus::Histogram& histogram_;
  const Clock& clock_;
  const SteadyTime start_;
};

// Thread-safe. The registry outlives it.
class EngineMetrics {
 public:
  explicit EngineMetrics(prometheus::Registry& registry);

  // The same for equal arguments. `encoder`: "image" or "text".
  [[nodiscard]] EncoderMetrics Encoder(std::string_view model, std::string_view encoder) const;

  // "image" or "text".
  [[nodiscard]] CacheMetrics Cache(std::string_view cache) const;

  [[nodiscard]] prometheus::Histogram& Of(Stage stage) const { return *stages_[static_cast<std::size_t>(stage)]; }

 private:
  prometheus::Family<prometheus::Histogram>& batch_size_;
  prometheus::Family<prometheus::Histogram>& queue_seconds_;
  prometheus::Family<prometheus::Histogram>& device_seconds_;
  prometheus::Family<prometheus::Counter>& busy_seconds_;
  prometheus::Family<prometheus::Gauge>& waiting_;
  prometheus::Family<prometheus::Counter>& dropped_;
  prometheus::Family<prometheus::Counter>& lookups_;
  std::array<prometheus::Histogram*, 5> stages_;  // by Stage: found once, for every request has several
};

}  // namespace hailo_clip
