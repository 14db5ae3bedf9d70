// An answer that is given without a request's body being read.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hailo_clip::http {

struct Refusal {
  int status = 0;
  std::string message;  // empty with 204
  std::vector<std::pair<std::string, std::string>> headers;
};

}  // namespace hailo_clip::http
