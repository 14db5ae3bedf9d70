// Base64 as clients send it (RFC 4648 sections 4 and 5) and as OpenAI clients read it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// Accepts the standard and the URL-safe alphabet, with or without padding; spaces, tabs and line breaks are
// skipped. Anything else, a lone last character or data after the padding is kInvalidArgument with the offset.
[[nodiscard]] Result<std::string> DecodeBase64(std::string_view text);

// The same, written to `out`, which has room for three bytes for every four characters begun and returns how many it
// holds. `out` may be where `text` is, or before it: decoding in place needs no memory.
[[nodiscard]] Result<std::size_t> DecodeBase64To(std::string_view text, char* out);

// Standard alphabet, padded.
[[nodiscard]] std::string EncodeBase64(std::span<const std::byte> bytes);

}  // namespace hailo_clip
