// How much memory this process has, as the kernel counts it.
#pragma once

#include <cstdint>
#include <string_view>

namespace hailo_clip {

// A value of /proc/self/status in bytes: "VmRSS" resident now, "VmHWM" its peak, "RssAnon" the part that is not backed
// by files. 0 where the kernel does not say. Thread-safe.
[[nodiscard]] std::uintmax_t ProcessMemory(std::string_view key);

}  // namespace hailo_clip
