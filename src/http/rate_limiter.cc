#include "http/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace hailo_clip::http {

RateLimiter::Bucket& RateLimiter::BucketOf(std::string_view client, const RateLimit& limit, SteadyTime now) {
  if (const auto found = by_client_.find(client); found != by_client_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
    return buckets_.front();
  }
  if (buckets_.size() >= capacity_) {
    by_client_.erase(buckets_.back().client);
    buckets_.pop_back();
  }
  buckets_.push_front({.client = std::string(client), .tokens = limit.burst, .filled = now});
  by_client_.emplace(buckets_.front().client, buckets_.begin());
  return buckets_.front();
}

std::chrono::seconds RateLimiter::Take(std::string_view client, const RateLimit& limit, SteadyTime now) {
  constexpr double kDay = 86'400;
  constexpr double kWhole = 1 - 1e-9;  // sums of fractions may miss 1 by their rounding
  if (limit.per_second <= 0) return std::chrono::seconds(0);
  const std::lock_guard lock(mutex_);
  Bucket& bucket = BucketOf(client, limit, now);
  const double elapsed_s = std::max(0.0, MillisecondsBetween(bucket.filled, now) / 1000);  // callers may overtake
  bucket.tokens = std::min(limit.burst, bucket.tokens + elapsed_s * limit.per_second);
  bucket.filled = std::max(bucket.filled, now);
  if (bucket.tokens >= kWhole) {
    bucket.tokens = std::max(0.0, bucket.tokens - 1);
    return std::chrono::seconds(0);
  }
  const double wait_s = std::clamp(std::ceil((1 - bucket.tokens) / limit.per_second), 1.0, kDay);
  return std::chrono::seconds(static_cast<std::int64_t>(wait_s));
}

std::size_t RateLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

}  // namespace hailo_clip::http
