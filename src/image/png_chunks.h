// The chunks of a PNG file, before a decoder sees it (PNG specification, section 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace hailo_clip {

struct PngPixels {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::span<const std::byte> original;  // up to the end chunk
  std::string copy;                     // empty if `original` holds nothing else

  // What a decoder should see: the file with nothing but what makes pixels. No profiles, texts or metadata,
  // which it would unpack without limit, no animation, nothing behind the end.
  [[nodiscard]] std::span<const std::byte> file() const {
    return copy.empty() ? original : std::as_bytes(std::span(copy));
  }
};

// Checks the chunks' lengths, not their content. kInvalidArgument if the file ends before its end chunk.
// The result refers to `bytes`.
[[nodiscard]] Result<PngPixels> KeepPixelChunks(std::span<const std::byte> bytes);

}  // namespace hailo_clip
