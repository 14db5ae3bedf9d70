#include "http/access.h"

#include <fmt/format.h>

#include <utility>

#include "http/ascii.h"

namespace hailo_clip::http {
namespace {

constexpr std::size_t kMaxAddresses = 4'096;
constexpr std::string_view kScheme = "Bearer ";

// Empty if there is none.
std::string_view PresentedKey(const Access::Credentials& credentials) {
  if (!credentials.x_api_key.empty()) return Trim(credentials.x_api_key);
  const std::string_view value = Trim(credentials.authorization);
  if (!EqualIgnoringCase(value.substr(0, kScheme.size()), kScheme)) return {};
  return Trim(value.substr(kScheme.size()));
}

Refusal TooMany(std::string_view whose, const RateLimit& limit, std::chrono::seconds wait) {
  return {.status = 429,
          .message = fmt::format("too many requests {} (server.rate_limit: {} a second); try again in {} s", whose,
                                 limit.per_second, wait.count()),
          .headers = {{"Retry-After", fmt::format("{}", wait.count())}}};
}

// RFC 6750 section 3: the challenge has an error code only if there was something to be wrong.
Refusal NeedsKey(bool sent_one) {
  if (sent_one)
    return {.status = 401,
            .message = "this API key is not known; it is mistyped, or it was revoked",
            .headers = {{"WWW-Authenticate", R"(Bearer realm="hailo-clip", error="invalid_token")"}}};
  return {.status = 401,
          .message =
              "an API key is needed: send 'Authorization: Bearer KEY' or 'X-API-Key: KEY' (on the service's machine, "
              "'hailo-clip keys add NAME' makes one)",
          .headers = {{"WWW-Authenticate", R"(Bearer realm="hailo-clip")"}}};
}

}  // namespace

Access::Access(ApiKeys keys)
    : keys_(std::make_shared<const ApiKeys>(std::move(keys))), by_key_(kMaxApiKeys), by_address_(kMaxAddresses) {}

void Access::SetKeys(ApiKeys keys) {
  auto fresh = std::make_shared<const ApiKeys>(std::move(keys));
  const std::lock_guard lock(mutex_);
  keys_.swap(fresh);
}

std::shared_ptr<const ApiKeys> Access::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

Access::Admission Access::Admit(const Credentials& credentials, std::string_view address, const RateLimit& limit,
                                SteadyTime now) {
  const std::shared_ptr<const ApiKeys> keys = this->keys();
  const std::string_view presented = PresentedKey(credentials);
  const ApiKey* key = keys->Find(presented);
  Admission admission;
  if (key != nullptr) {
    admission.key = key->name;
    const std::chrono::seconds wait = by_key_.Take(key->name, limit, now);
    if (wait.count() > 0) admission.refusal = TooMany("with this API key", limit, wait);
    return admission;
  }
  const std::chrono::seconds wait = by_address_.Take(address, limit, now);
  if (wait.count() > 0)
    admission.refusal = TooMany("from this address", limit, wait);
  else if (!keys->empty())
    admission.refusal = NeedsKey(!presented.empty());
  return admission;
}

}  // namespace hailo_clip::http
