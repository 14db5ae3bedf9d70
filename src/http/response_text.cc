#include "http/response_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "http/error_status.h"

namespace hailo_clip::http {

std::string HeaderText(const Response& response, const ResponseFraming& framing) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\n", response.status, ReasonPhrase(response.status));
  fmt::format_to(out, "Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", fmt::gmtime(std::time(nullptr)));
  if (response.status != 204 && response.status != 304) {
    fmt::format_to(out, "Content-Type: {}\r\n", response.content_type);
    if (!framing.streamed)
      fmt::format_to(out, "Content-Length: {}\r\n", response.body.size());
    else if (!framing.http_1_0)
      text += "Transfer-Encoding: chunked\r\n";
  }
  fmt::format_to(out, "X-Request-Id: {}\r\n", framing.request_id);
  fmt::format_to(out, "X-Content-Type-Options: nosniff\r\n");
  for (const auto& [name, value] : response.headers) fmt::format_to(out, "{}: {}\r\n", name, value);
  if (!framing.allow_origin.empty())
    fmt::format_to(out, "Access-Control-Allow-Origin: {}\r\nVary: Origin\r\n", framing.allow_origin);
  if (!framing.keep_alive) text += "Connection: close\r\n";
  if (framing.keep_alive && framing.http_1_0) text += "Connection: keep-alive\r\n";
  text += "\r\n";
  return text;
}

}  // namespace hailo_clip::http
