// Gzip (RFC 1952) from memory to memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// The content of one gzip member. kBadModel if the bytes are damaged, cut short, followed by others, or hold more
// than `max_bytes`; never more memory than about twice `max_bytes`.
[[nodiscard]] Result<std::string> Gunzip(std::string_view gzip, std::size_t max_bytes);

}  // namespace hailo_clip
