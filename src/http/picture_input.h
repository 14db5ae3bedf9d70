// A picture's bytes from the text that a JSON field holds.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip::http {

// A data URI ("data:image/jpeg;base64,...", any image type or application/octet-stream) or bare base64. `where`
// names the field in messages. kInvalidArgument for anything else; URLs are not fetched and the message says so.
[[nodiscard]] Result<std::string> DecodePictureText(std::string_view text, std::string_view where);

// The same; where `text` is a part of `body`, as long strings are (long_strings.h), in the memory of `body`, whose
// content is then lost, also on failure.
[[nodiscard]] Result<std::string> TakePicture(std::string& body, std::string_view text, std::string_view where);

// True for "data:image/...".
[[nodiscard]] bool IsPictureDataUri(std::string_view text);

[[nodiscard]] inline std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace hailo_clip::http
