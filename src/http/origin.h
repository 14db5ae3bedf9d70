// Which web pages may call the service: no cross-site requests, no DNS rebinding.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hailo_clip::http {

// Only for requests with an `Origin`, which browsers add; others are not restricted. Allowed are the origins in
// `allowed_origins` ("https://app.example", compared without case), and a page of this very server: the origin's
// host and port equal `host`, and the host is an IP address, a name without a dot, or ends in .local, .lan, .home,
// .home.arpa or .internal, so that a public name that was re-pointed at a private address does not pass.
[[nodiscard]] bool IsOriginAllowed(std::string_view origin, std::string_view host,
                                   std::span<const std::string> allowed_origins);

// `origin` is in the list.
[[nodiscard]] bool IsListedOrigin(std::string_view origin, std::span<const std::string> allowed_origins);

}  // namespace hailo_clip::http
