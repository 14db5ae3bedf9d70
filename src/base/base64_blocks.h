// The common case of base64, nothing but digits, by vector instructions; base64.cc does the rest.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// Decodes from the start of `text`, whole groups of four digits of either alphabet, and returns how many characters it
// took: it may stop anywhere before the end, and at anything that is no digit. Writes only where the bytes of all of
// `text` will be; `out` may be where `text` is, or before it.
using Base64Blocks = std::size_t (*)(std::string_view text, char* out);

// Takes nothing: base64.cc then decodes group by group. The reference.
[[nodiscard]] std::size_t NoBase64Blocks(std::string_view text, char* out);
// The fastest for the machine it runs on: AVX2 where the processor has it.
[[nodiscard]] Base64Blocks BestBase64Blocks();

// DecodeBase64To (base64.h) with the blocks as told.
[[nodiscard]] Result<std::size_t> DecodeBase64To(std::string_view text, char* out, Base64Blocks decode_blocks);

}  // namespace hailo_clip
