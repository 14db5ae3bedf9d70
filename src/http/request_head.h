// What can be said of a request before its body is read: is there a route, may this page call it, does the body fit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/limits.h"
#include "http/refusal.h"
#include "http/request.h"
#include "http/router.h"

namespace hailo_clip::http {

// The header as it came. Views live as long as the call that takes them.
struct RawHead {
  std::string_view method;
  std::string_view target;
  unsigned version = 11;  // 10 or 11
  std::size_t host_count = 1;
  std::string_view host;
  std::string_view origin;
  std::string_view x_api_key;
  std::string_view authorization;
  std::string_view content_type;
  std::string_view accept;
  std::string_view content_encoding;
  std::string_view expect;
  std::string_view request_id;
  std::string_view if_none_match;
  std::string_view cache_control;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
};

struct RequestHead {
  Request request;  // all but body, remote, key and received
  Router::Match match;
  std::optional<std::uint64_t> content_length;
  bool has_body = false;
  bool expects_continue = false;
  std::string allow_origin;  // for Access-Control-Allow-Origin; empty: none
  std::optional<Refusal> refusal;
};

// Asked for every request but preflights and those of open routes, also on paths that do not exist: what has no key
// learns nothing else. Fills Request::key. Empty: everybody may ask.
using AccessCheck = std::function<std::optional<Refusal>(const RawHead&, Request&)>;

[[nodiscard]] RequestHead ReadHead(const RawHead& raw, const Router& router, const Limits& limits,
                                   const AccessCheck& check_access = {});

// "the body is larger than 33554432 bytes (32.0 MiB, server.max_body_bytes)"
[[nodiscard]] std::string BodyTooLargeMessage(const Limits& limits);

}  // namespace hailo_clip::http
