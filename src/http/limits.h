// The bounds of the server, in the units that it works with.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "config/config.h"
#include "http/rate_limiter.h"

namespace hailo_clip::http {

struct Limits {
  std::vector<std::string> allowed_origins;
  std::size_t max_header_bytes = std::size_t{16} << 10U;
  std::size_t max_body_bytes = std::size_t{32} << 20U;
  std::size_t max_body_bytes_in_flight = std::size_t{256} << 20U;
  std::size_t max_connections = 256;
  RateLimit rate;                                     // of requests, for each API key or address
  std::chrono::milliseconds header_timeout{10'000};   // first to last byte of a header
  std::chrono::milliseconds body_timeout{30'000};     // for a complete body
  std::chrono::milliseconds idle_timeout{60'000};     // until the first byte of a request
  std::chrono::milliseconds write_timeout{30'000};    // for a client to take its whole answer
  std::chrono::milliseconds request_timeout{30'000};  // complete request to answer, queueing included
  std::chrono::milliseconds linger_timeout{5'000};    // a refused body is read on for this long before the close
  std::chrono::milliseconds shutdown_timeout{20'000};
  std::chrono::milliseconds stop_grace{200};         // at stop, for a request on its way on a kept connection
  std::chrono::milliseconds first_stop_grace{1000};  // at stop, for the first request of a new connection

  [[nodiscard]] static Limits From(const Config& config) {
    using std::chrono::seconds;
    Limits limits;
    limits.allowed_origins = config.server.allowed_origins;
    limits.max_header_bytes = config.server.max_header_bytes;
    limits.max_body_bytes = config.server.max_body_bytes;
    limits.max_body_bytes_in_flight = config.server.max_body_bytes_in_flight;
    limits.max_connections = static_cast<std::size_t>(config.server.max_connections);
    limits.rate = {.per_second = config.server.rate_limit, .burst = static_cast<double>(config.server.rate_burst)};
    limits.header_timeout = seconds(config.server.header_timeout_s);
    limits.body_timeout = seconds(config.server.body_timeout_s);
    limits.idle_timeout = seconds(config.server.idle_timeout_s);
    limits.write_timeout = seconds(config.server.write_timeout_s);
    limits.request_timeout = seconds(config.performance.request_timeout);
    limits.shutdown_timeout = seconds(config.server.shutdown_timeout_s);
    return limits;
  }
};

}  // namespace hailo_clip::http
