// One HTTP answer as handlers make it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hailo_clip::http {

// Content-Length, Connection, Date, Server and X-Request-Id are the server's business.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  // further ones; values without line breaks
  std::string body;
};

[[nodiscard]] inline Response JsonResponse(std::string body, int status = 200) {
  return {.status = status, .content_type = "application/json", .headers = {}, .body = std::move(body)};
}

}  // namespace hailo_clip::http
