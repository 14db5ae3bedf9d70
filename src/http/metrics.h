// What the server counts and times, for /metrics and /v1/stats.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string_view>

namespace hailo_clip::http {

// Thread-safe. The registry outlives it.
class HttpMetrics {
 public:
  explicit HttpMetrics(prometheus::Registry& registry);

  // `route`: the pattern of the route ("/v1/models/*"), not the path, so that clients cannot make up series; empty for
  // requests that met none. `seconds`: from the first byte of the request to the last of the answer.
  void Answered(std::string_view route, int status, double seconds) const;

  // A client that left before its answer.
  void Disconnected(std::string_view route) const;

 private:
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Counter>& disconnects_;
  prometheus::Family<prometheus::Histogram>& seconds_;
};

}  // namespace hailo_clip::http
