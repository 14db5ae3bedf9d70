// The request target: path and query, percent-decoded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hailo_clip::http {

struct Target {
  std::string path;                                        // decoded, starts with '/'
  std::vector<std::pair<std::string, std::string>> query;  // decoded, '+' is a space
};

// Origin form ("/a?b=c") and absolute form ("http://host/a?b=c"). kInvalidArgument for anything else, a broken
// percent escape, a NUL, or more than 1,100 query parameters.
[[nodiscard]] Result<Target> ParseTarget(std::string_view target);

}  // namespace hailo_clip::http
