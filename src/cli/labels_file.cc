#include "cli/labels_file.h"

#include <simdjson.h>

#include <algorithm>

#include "base/file.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{32} << 20U;

}  // namespace

Result<std::vector<std::string>> ReadLabelsFile(const std::string& path) {
  const auto content = ReadFile(path, kMaxBytes);
  if (!content.has_value()) return Fail(ErrorCode::kInvalidArgument, "--labels: {}", content.error().message);
  if (!simdjson::validate_utf8(*content))
    return Fail(ErrorCode::kInvalidArgument, "--labels: {} is not UTF-8; `iconv -t UTF-8` converts it", path);
  std::vector<std::string> labels;
  for (std::size_t start = 0; start < content->size();) {
    const std::size_t end = std::min(content->find('\n', start), content->size());
    std::string line = content->substr(start, end - start);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) labels.push_back(std::move(line));
    start = end + 1;
  }
  return labels;
}

}  // namespace hailo_clip
