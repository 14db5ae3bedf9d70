#include "http/request_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace hailo_clip::http {

std::string ChooseRequestId(std::string_view sent) {
  const bool printable = std::ranges::all_of(sent, [](char c) { return c >= ' ' && c <= '~'; });
  if (!sent.empty() && sent.size() <= 128 && printable) return std::string(sent);
  thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}", std::uint64_t{random()});
}

}  // namespace hailo_clip::http
