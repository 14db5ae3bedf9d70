// One HTTP answer as handlers make it.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hailo_clip::http {

// Sends a piece of a body, waiting while the client is slow; thread-safe. False: nobody takes more (the client is gone,
// the time is up), so stop.
using BodyWriter = std::function<bool(std::string)>;

// Makes a body piece by piece, on the worker's thread, while it is being sent. What it returns is sent last; an Error
// is sent in its place as a line in the route's shape, since the status is on its way already.
using BodyStream = std::function<Result<std::string>(const BodyWriter& write)>;

// Content-Length, Connection, Date, Server and X-Request-Id are the server's business.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  // further ones; values without line breaks
  std::string body;
  BodyStream stream;  // in place of `body`
};

[[nodiscard]] inline Response JsonResponse(std::string body, int status = 200) {
  return {.status = status, .content_type = "application/json", .headers = {}, .body = std::move(body), .stream = {}};
}

}  // namespace hailo_clip::http
