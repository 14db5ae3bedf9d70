// multipart/form-data (RFC 7578), read strictly and within bounds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hailo_clip::http {

struct FormPart {
  std::string name;
  bool is_file = false;   // it has a filename
  std::string_view data;  // into the body
};

// All parts in order. `content_type` is the request's, with the boundary. kInvalidArgument says what is malformed:
// no boundary, bytes before the first or after a part's delimiter, a part without a name, a header line that is too
// long, a body that ends before the closing delimiter, more than 1,200 parts, a Content-Transfer-Encoding that would
// need decoding.
[[nodiscard]] Result<std::vector<FormPart>> ParseMultipart(std::string_view content_type, std::string_view body);

}  // namespace hailo_clip::http
