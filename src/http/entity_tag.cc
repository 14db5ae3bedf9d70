#include "http/entity_tag.h"

#include "http/ascii.h"

namespace hailo_clip::http {
namespace {

constexpr std::string_view kWeak = "W/";  // in this case only

std::string_view WithoutWeak(std::string_view tag) { return tag.starts_with(kWeak) ? tag.substr(kWeak.size()) : tag; }

}  // namespace

bool HasEntityTag(std::string_view if_none_match, std::string_view tag) {
  std::string_view rest = Trim(if_none_match);
  if (rest == "*") return true;
  while (!rest.empty()) {
    if (rest.front() != ',') {  // empty members are allowed
      rest = WithoutWeak(rest);
      const std::size_t end = rest.starts_with('"') ? rest.find('"', 1) : rest.npos;  // a comma inside is not the end
      if (end == rest.npos) return false;
      if (rest.substr(0, end + 1) == WithoutWeak(tag)) return true;
      rest = Trim(rest.substr(end + 1));
      if (!rest.empty() && rest.front() != ',') return false;
      continue;
    }
    rest = Trim(rest.substr(1));
  }
  return false;
}

}  // namespace hailo_clip::http
