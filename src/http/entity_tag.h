// ETags in If-None-Match.
#pragma once

#include <string_view>

namespace hailo_clip::http {

// Whether the value of If-None-Match, "*" or a list of tags, names `tag` by RFC 9110's weak comparison (8.8.3.2): the
// quoted parts are the same, W/ before one of them or not. A list is read up to its first mistake. Pure.
[[nodiscard]] bool HasEntityTag(std::string_view if_none_match, std::string_view tag);

}  // namespace hailo_clip::http
