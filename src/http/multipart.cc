#include "http/multipart.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "http/ascii.h"
#include "http/content_type.h"

namespace hailo_clip::http {
namespace {

constexpr std::size_t kMaxParts = 1200;  // 1,000 prompts, 64 pictures and the other fields
constexpr std::size_t kMaxPartHeader = 4096;
constexpr std::size_t kMaxBoundary = 70;  // RFC 2046 section 5.1.1
constexpr std::string_view kLineEnd = "\r\n";

std::unexpected<Error> Malformed(std::string_view what) {
  return Fail(ErrorCode::kInvalidArgument, "malformed multipart body: {}", what);
}

Status ReadPartHeader(std::string_view header, FormPart& part) {
  bool named = false;
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(kLineEnd), header.size());
    const std::string_view line = header.substr(0, end);
    header.remove_prefix(std::min(end + kLineEnd.size(), header.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Malformed("a header line of a part has no colon");
    const std::string_view key = Trim(line.substr(0, colon));
    const std::string_view value = Trim(line.substr(colon + 1));
    if (EqualIgnoringCase(key, "Content-Disposition")) {
      if (!EqualIgnoringCase(Trim(value.substr(0, value.find(';'))), "form-data"))
        return Malformed("a part's Content-Disposition is not form-data");
      const std::optional<std::string> name = ContentTypeParameter(value, "name");
      if (!name || name->empty()) return Malformed("a part has no name");
      part.name = *name;
      part.is_file = ContentTypeParameter(value, "filename").has_value();
      named = true;
    }
    if (EqualIgnoringCase(key, "Content-Transfer-Encoding") && !EqualIgnoringCase(value, "binary") &&
        !EqualIgnoringCase(value, "8bit") && !EqualIgnoringCase(value, "7bit"))
      return Malformed("Content-Transfer-Encoding must be binary; send the file's bytes as they are");
  }
  if (!named) return Malformed("a part has no Content-Disposition");
  return {};
}

}  // namespace

Result<std::vector<FormPart>> ParseMultipart(std::string_view content_type, std::string_view body) {
  const std::optional<std::string> boundary = ContentTypeParameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kMaxBoundary)
    return Malformed("the Content-Type names no boundary of 1 to 70 characters");
  const std::string opening = "--" + *boundary;
  const std::string delimiter = "\r\n--" + *boundary;
  if (body.starts_with(kLineEnd)) body.remove_prefix(kLineEnd.size());
  if (!body.starts_with(opening)) return Malformed("it does not start with the boundary");
  body.remove_prefix(opening.size());

  std::vector<FormPart> parts;
  while (!body.starts_with("--")) {
    if (!body.starts_with(kLineEnd)) return Malformed("a boundary is not followed by a line end");
    if (parts.size() == kMaxParts) return Malformed("it has more than 1200 parts");
    // The line end stays, so that a part without header lines is found to end its header too.
    const std::size_t header_end = body.substr(0, kMaxPartHeader).find("\r\n\r\n");
    if (header_end == std::string_view::npos) return Malformed("a part's header does not end or is over 4096 bytes");
    FormPart part;
    HC_TRY(ReadPartHeader(header_end == 0 ? std::string_view() : body.substr(2, header_end - 2), part));
    body.remove_prefix(header_end + 2);  // the second line end may begin the delimiter of an empty part
    const std::size_t data_end = body.find(delimiter);
    if (data_end == std::string_view::npos) return Malformed("it ends before its closing boundary (cut off?)");
    part.data = data_end == 0 ? std::string_view() : body.substr(2, data_end - 2);
    body.remove_prefix(data_end + delimiter.size());
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace hailo_clip::http
