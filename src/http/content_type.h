// What a request's Content-Type says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hailo_clip::http {

enum class BodyKind {
  kJson,       // application/json, application/*+json
  kMultipart,  // multipart/form-data
  kPicture,    // image/*, application/octet-stream
  kOther,      // anything else, or no Content-Type
};

[[nodiscard]] BodyKind KindOf(std::string_view content_type);

// True if an Accept header names exactly this type ("application/x-ndjson"); wildcards ask for nothing in particular.
[[nodiscard]] bool Accepts(std::string_view accept, std::string_view media_type);

// The value of a parameter ("boundary"), unquoted; nullopt if it is absent or malformed. Names ignore case.
[[nodiscard]] std::optional<std::string> ContentTypeParameter(std::string_view content_type, std::string_view name);

}  // namespace hailo_clip::http
