// One field of a CSV line (RFC 4180).
#pragma once

#include <string>
#include <string_view>

namespace hailo_clip {

// Quoted if it holds a comma, a quote or a line break.
[[nodiscard]] inline std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2U : 1U, c);
  return quoted + '"';
}

}  // namespace hailo_clip
