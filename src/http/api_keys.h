// API keys: who may use a service that others on the network can reach.
//
// A key is "hck_" and 256 random bits in base32 (52 of a-z and 2-7, so that nothing needs quoting). Only its SHA-256 is
// kept. A slow password hash would gain nothing: it makes guessing dear where people choose the secrets, but among
// 2^256 equally likely keys nobody ever tries a noticeable part. And a fast hash costs a request microseconds, so that
// wrong keys cannot be used to keep the service busy.
#pragma once

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hailo_clip::http {

inline constexpr std::size_t kMaxApiKeys = 1'000;

struct ApiKey {
  std::string name;     // 1 to 64 of letters, digits, '.', '_' and '-', the first a letter or digit
  std::string created;  // "2026-03-01T12:00:00Z"; for people only: the wall clock may have been wrong
  std::string sha256;   // of the key's text; 64 lower-case digits
};

// Names are distinct. Not thread-safe, except that const members may be called at the same time.
class ApiKeys {
 public:
  // One key a line, "NAME CREATED sha256:HEX"; empty lines and those that begin with '#' are skipped. kInvalidArgument
  // names `file` and the line, never what stands there.
  [[nodiscard]] static Result<ApiKeys> Parse(std::string_view text, std::string_view file);
  [[nodiscard]] std::string Format() const;

  // A new key's text: this is the only time that it is seen. kInvalidArgument for a wrong or taken name, or one key too
  // many. `now`: Unix time.
  [[nodiscard]] Result<std::string> Add(std::string_view name, std::time_t now);
  [[nodiscard]] Status Revoke(std::string_view name);  // kInvalidArgument if there is none

  // The key whose text this is, or nullptr; it lives as long as this object is not changed. What has not the form of a
  // key is not hashed. The time it takes does not depend on how much of a key is right, or on which one it is.
  [[nodiscard]] const ApiKey* Find(std::string_view presented) const;

  [[nodiscard]] const std::vector<ApiKey>& all() const { return keys_; }
  [[nodiscard]] bool empty() const { return keys_.empty(); }

 private:
  std::vector<ApiKey> keys_;
};

}  // namespace hailo_clip::http
