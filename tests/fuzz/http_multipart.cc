// Fuzzes the multipart parser, and the request that is read from its parts.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/api/native_requests.h"
#include "http/multipart.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hailo_clip::http;
  // The first line is the Content-Type's boundary parameter, the rest the body.
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = input.find('\n');
  if (line_end == std::string_view::npos) return 0;
  const std::string content_type = "multipart/form-data; " + std::string(input.substr(0, line_end));
  const std::string body(input.substr(line_end + 1));
  if (const auto parts = ParseMultipart(content_type, body)) {
    std::size_t total = 0;
    for (const FormPart& part : *parts) {
      if (part.name.empty()) __builtin_trap();
      total += part.data.size();
      if (!part.data.empty() &&
          (part.data.data() < body.data() || part.data.data() + part.data.size() > body.data() + body.size()))
        __builtin_trap();
    }
    if (total > body.size()) __builtin_trap();
  }
  Request request;
  request.content_type = content_type;
  request.body = body;
  const auto classify = ReadClassify(request);
  return classify.has_value() && classify->engine.prompts.empty() ? -1 : 0;
}
