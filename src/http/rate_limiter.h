// How many requests a second a client may make: a token bucket for each.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace hailo_clip::http {

struct RateLimit {
  double per_second = 0;  // 0: no limit
  double burst = 1;       // what a bucket holds, at least 1
};

// Thread-safe. A new client's bucket is full. At most `capacity` clients are remembered, about 200 bytes each; one more
// displaces the one that has been silent longest, whose bucket is the likeliest to be full again. Somebody with very
// many addresses can so get more than their share: the bounded number of places for requests holds against those, not
// this.
class RateLimiter {
 public:
  explicit RateLimiter(std::size_t capacity) : capacity_(capacity) {}

  // Takes one from the client's bucket and answers zero; or takes nothing and answers in how many seconds, at least 1
  // and at most a day, there will be one. `limit` may be another every time.
  [[nodiscard]] std::chrono::seconds Take(std::string_view client, const RateLimit& limit, SteadyTime now);

  [[nodiscard]] std::size_t size() const;

 private:
  struct Bucket {
    std::string client;
    double tokens = 0;
    SteadyTime filled;
  };

  Bucket& BucketOf(std::string_view client, const RateLimit& limit, SteadyTime now);

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::list<Bucket> buckets_;  // guarded by mutex_; the last used first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> by_client_;  // likewise; names lie in buckets_
};

}  // namespace hailo_clip::http
