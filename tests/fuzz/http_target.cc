// Fuzzes what is read from a request's first line and headers.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/content_type.h"
#include "http/origin.h"
#include "http/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hailo_clip::http;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto target = ParseTarget(input)) {
    if (!target->path.starts_with('/') || target->path.contains('\0')) __builtin_trap();
  }
  static_cast<void>(ContentTypeParameter(input, "boundary"));
  static_cast<void>(KindOf(input));
  const std::size_t half = input.size() / 2;
  if (IsOriginAllowed(input.substr(0, half), input.substr(half), {}) && !input.substr(0, half).contains("://"))
    __builtin_trap();
  return 0;
}
