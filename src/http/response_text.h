// The header of an answer as it goes over the wire.
#pragma once

#include <string>
#include <string_view>

#include "http/response.h"

namespace hailo_clip::http {

struct ResponseFraming {
  std::string_view request_id;
  std::string_view allow_origin;  // empty: no CORS headers
  bool keep_alive = true;
  bool http_1_0 = false;  // the client's version
  bool streamed = false;  // chunked; for HTTP/1.0 without a length, so the connection's end is the body's
};

// Status line and header fields with the empty line; the body follows unless the request was HEAD.
[[nodiscard]] std::string HeaderText(const Response& response, const ResponseFraming& framing);

}  // namespace hailo_clip::http
