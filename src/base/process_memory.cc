#include "base/process_memory.h"

#include <fstream>
#include <string>

namespace hailo_clip {

std::uintmax_t ProcessMemory(std::string_view key) {
  std::ifstream status("/proc/self/status");
  std::string name, unit;
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ':') continue;
    return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10) * 1024;
  }
  return 0;
}

}  // namespace hailo_clip
