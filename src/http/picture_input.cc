#include "http/picture_input.h"

#include <functional>
#include <utility>

#include "base/base64.h"
#include "http/ascii.h"

namespace hailo_clip::http {
namespace {

constexpr std::string_view kScheme = "data:";
constexpr std::string_view kPicturePrefix = "data:image/";

// The base64 text after the comma of a data URI (RFC 2397).
Result<std::string_view> Base64OfDataUri(std::string_view uri, std::string_view where) {
  const std::size_t comma = uri.substr(0, 256).find(',');
  if (comma == std::string_view::npos)
    return Fail(ErrorCode::kInvalidArgument, "Failed to decode image: {} is a data URI without a comma", where);
  const std::string header = LowerAscii(uri.substr(kScheme.size(), comma - kScheme.size()));
  const std::string_view media_type = Trim(std::string_view(header).substr(0, header.find(';')));
  if (!media_type.starts_with("image/") && media_type != "application/octet-stream")
    return Fail(ErrorCode::kInvalidArgument,
                "Failed to decode image: {} is a data URI of type '{}'; image/* or application/octet-stream is wanted",
                where, media_type);
  if (!header.ends_with(";base64"))
    return Fail(ErrorCode::kInvalidArgument, "Failed to decode image: {} is a data URI without ';base64'", where);
  return uri.substr(comma + 1);
}

// Of a data URI or of bare base64.
Result<std::string_view> Base64Of(std::string_view text, std::string_view where) {
  const std::string_view start = text.substr(0, 8);
  if (EqualIgnoringCase(start.substr(0, 7), "http://") || EqualIgnoringCase(start, "https://"))
    return Fail(ErrorCode::kInvalidArgument,
                "{} is a URL, which this service does not fetch; send the picture as base64 or a data URI", where);
  return EqualIgnoringCase(start.substr(0, kScheme.size()), kScheme) ? Base64OfDataUri(text, where) : text;
}

std::unexpected<Error> NotDecoded(std::string_view where, const Error& error) {
  return Fail(ErrorCode::kInvalidArgument, "Failed to decode image: {} is {}", where, error.message);
}

std::unexpected<Error> Empty(std::string_view where) {
  return Fail(ErrorCode::kInvalidArgument, "Failed to decode image: {} is empty", where);
}

}  // namespace

bool IsPictureDataUri(std::string_view text) {
  return EqualIgnoringCase(text.substr(0, kPicturePrefix.size()), kPicturePrefix);
}

Result<std::string> DecodePictureText(std::string_view text, std::string_view where) {
  HC_ASSIGN(const std::string_view base64, Base64Of(text, where));
  Result<std::string> bytes = DecodeBase64(base64);
  if (!bytes) return NotDecoded(where, bytes.error());
  if (bytes->empty()) return Empty(where);
  return bytes;
}

Result<std::string> TakePicture(std::string& body, std::string_view text, std::string_view where) {
  const bool is_part =
      !std::less<>()(text.data(), body.data()) && std::less<>()(text.data(), body.data() + body.size());
  if (!is_part) return DecodePictureText(text, where);
  HC_ASSIGN(const std::string_view base64, Base64Of(text, where));
  const Result<std::size_t> size = DecodeBase64To(base64, body.data());
  if (!size) return NotDecoded(where, size.error());
  if (*size == 0) return Empty(where);
  body.resize(*size);
  return std::move(body);
}

}  // namespace hailo_clip::http
