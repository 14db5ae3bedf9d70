#include "http/origin.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "http/ascii.h"

namespace hailo_clip::http {
namespace {

constexpr std::array<std::string_view, 5> kLocalSuffixes{".local", ".lan", ".home", ".home.arpa", ".internal"};

struct Authority {
  std::string host;  // lower case, without brackets and trailing dot
  std::string port;  // empty: the scheme's default
};

Authority ParseAuthority(std::string_view text, std::string_view default_port) {
  Authority authority;
  std::size_t host_end = 0;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return {};
    authority.host = LowerAscii(text.substr(1, bracket - 1));
    host_end = bracket + 1;
  } else {
    host_end = std::min(text.find(':'), text.size());
    authority.host = LowerAscii(text.substr(0, host_end));
    if (authority.host.ends_with('.')) authority.host.pop_back();
  }
  if (host_end < text.size() && text[host_end] == ':') authority.port = std::string(text.substr(host_end + 1));
  if (authority.port == default_port) authority.port.clear();
  return authority;
}

bool IsIpAddress(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> buffer{};
  return inet_pton(AF_INET, host.c_str(), buffer.data()) == 1 || inet_pton(AF_INET6, host.c_str(), buffer.data()) == 1;
}

bool IsLocalName(const std::string& host) {
  if (host.empty()) return false;
  if (IsIpAddress(host) || !host.contains('.')) return true;
  return std::ranges::any_of(kLocalSuffixes, [&](std::string_view suffix) { return host.ends_with(suffix); });
}

}  // namespace

bool IsListedOrigin(std::string_view origin, std::span<const std::string> allowed_origins) {
  return std::ranges::any_of(allowed_origins, [&](std::string_view allowed) {
    if (allowed.ends_with('/')) allowed.remove_suffix(1);
    return EqualIgnoringCase(allowed, origin);
  });
}

bool IsOriginAllowed(std::string_view origin, std::string_view host, std::span<const std::string> allowed_origins) {
  if (IsListedOrigin(origin, allowed_origins)) return true;
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;  // "null": a sandboxed page or a file
  const std::string_view default_port = EqualIgnoringCase(origin.substr(0, scheme_end), "https") ? "443" : "80";
  const Authority page = ParseAuthority(origin.substr(scheme_end + 3), default_port);
  const Authority server = ParseAuthority(host, default_port);
  return page.host == server.host && page.port == server.port && IsLocalName(server.host);
}

}  // namespace hailo_clip::http
