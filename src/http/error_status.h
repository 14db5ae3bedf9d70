// The one table from our error codes to HTTP statuses, and the shape of an error's body.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip::http {

// 400, 413, 415, 422, 429, 499, 500, 503, 504: API_SPEC.md, "Statuses".
[[nodiscard]] int StatusOf(ErrorCode code);

// "Payload Too Large"; "Unknown" for statuses that the service does not use.
[[nodiscard]] std::string_view ReasonPhrase(int status);

// A dialect's own look of an error. `code` is absent for errors of the protocol (unknown route, timeout, ...).
struct ErrorShape {
  int (*status)(ErrorCode code);
  std::string (*body)(int status, std::optional<ErrorCode> code, std::string_view message);
};

// {"error": "<message>"} with StatusOf: the service's own shape.
extern const ErrorShape kNativeErrors;

}  // namespace hailo_clip::http
