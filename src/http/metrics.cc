#include "http/metrics.h"

#include <fmt/format.h>

#include <string>

namespace hailo_clip::http {
namespace {

std::string Label(std::string_view route) { return std::string(route.empty() ? "none" : route); }

}  // namespace

HttpMetrics::HttpMetrics(prometheus::Registry& registry)
    : requests_(prometheus::BuildCounter()
                    .Name("hailo_clip_http_requests_total")
                    .Help("Requests answered, by route and status; 429 and 503 are refusals")
                    .Register(registry)),
      disconnects_(prometheus::BuildCounter()
                       .Name("hailo_clip_http_disconnects_total")
                       .Help("Clients that left before their answer")
                       .Register(registry)),
      seconds_(prometheus::BuildHistogram()
                   .Name("hailo_clip_http_request_seconds")
                   .Help("Time from the first byte of a request to the last of its answer, by route; 2xx and 3xx only")
                   .Register(registry)) {}

void HttpMetrics::Answered(std::string_view route, int status, double seconds) const {
  requests_.Add({{"route", Label(route)}, {"status", fmt::format("{}", status)}}).Increment();
  if (status >= 400) return;
  static const prometheus::Histogram::BucketBoundaries buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                                  0.25,  0.5,    1,     2.5,  5,     10,   30};
  seconds_.Add({{"route", Label(route)}}, buckets).Observe(seconds);
}

void HttpMetrics::Disconnected(std::string_view route) const {
  disconnects_.Add({{"route", Label(route)}}).Increment();
}

}  // namespace hailo_clip::http
