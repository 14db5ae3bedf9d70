#include "http/content_type.h"

#include "http/ascii.h"

namespace hailo_clip::http {

BodyKind KindOf(std::string_view content_type) {
  const std::string media_type = LowerAscii(Trim(content_type.substr(0, content_type.find(';'))));
  if (media_type == "application/json") return BodyKind::kJson;
  if (media_type.starts_with("application/") && media_type.ends_with("+json")) return BodyKind::kJson;
  if (media_type == "multipart/form-data") return BodyKind::kMultipart;
  if (media_type.starts_with("image/") || media_type == "application/octet-stream") return BodyKind::kPicture;
  return BodyKind::kOther;
}

bool Accepts(std::string_view accept, std::string_view media_type) {
  while (!accept.empty()) {
    const std::size_t end = std::min(accept.find(','), accept.size());
    const std::string_view range = accept.substr(0, end);
    if (EqualIgnoringCase(Trim(range.substr(0, range.find(';'))), media_type)) return true;
    accept.remove_prefix(std::min(end + 1, accept.size()));
  }
  return false;
}

std::optional<std::string> ContentTypeParameter(std::string_view content_type, std::string_view name) {
  std::size_t at = content_type.find(';');
  while (at != std::string_view::npos) {
    std::string_view rest = Trim(content_type.substr(at + 1));
    const std::size_t equals = rest.find_first_of("=;");
    if (equals == std::string_view::npos) return std::nullopt;
    if (rest[equals] == ';') {
      content_type = rest;
      at = equals;
      continue;
    }
    const std::string_view key = Trim(rest.substr(0, equals));
    rest = Trim(rest.substr(equals + 1));
    std::string value;
    std::size_t end = 0;
    if (rest.starts_with('"')) {
      for (end = 1; end < rest.size() && rest[end] != '"'; ++end) {
        if (rest[end] == '\\' && end + 1 < rest.size()) ++end;
        value += rest[end];
      }
      if (end == rest.size()) return std::nullopt;
      ++end;
    } else {
      end = std::min(rest.find(';'), rest.size());
      value = std::string(Trim(rest.substr(0, end)));
    }
    if (EqualIgnoringCase(key, name)) return value;
    content_type = rest;
    at = rest.find(';', end);
  }
  return std::nullopt;
}

}  // namespace hailo_clip::http
