// Who may ask, and how often: checked as soon as a request's header is here, before anything is done for it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/api_keys.h"
#include "http/rate_limiter.h"
#include "http/refusal.h"

namespace hailo_clip::http {

// Thread-safe. A request with a key counts for that key, from whatever address it comes, so that clients behind one
// proxy do not share a limit; one without, or with a wrong one, counts for its address.
class Access {
 public:
  // Header values; empty if absent. X-API-Key counts if both are there: a proxy may use Authorization for itself.
  struct Credentials {
    std::string_view x_api_key;
    std::string_view authorization;
  };
  struct Admission {
    std::string key;                 // name of the key; empty: none was needed, or there was none
    std::optional<Refusal> refusal;  // 401 or 429
  };

  explicit Access(ApiKeys keys);
  // For requests that begin later. Without keys, everybody may ask, whatever key they send.
  void SetKeys(ApiKeys keys);

  [[nodiscard]] Admission Admit(const Credentials& credentials, std::string_view address, const RateLimit& limit,
                                SteadyTime now);

 private:
  [[nodiscard]] std::shared_ptr<const ApiKeys> keys() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const ApiKeys> keys_;  // guarded by mutex_; replaced whole
  RateLimiter by_key_;
  RateLimiter by_address_;
};

}  // namespace hailo_clip::http
