#include "http/request_head.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/ascii.h"
#include "http/origin.h"
#include "http/request_id.h"
#include "http/target.h"

namespace hailo_clip::http {
namespace {

std::string WantedContentTypes(const Route& route) {
  std::string wanted;
  for (const BodyKind kind : route.accepts) {
    if (!wanted.empty()) wanted += ", ";
    switch (kind) {
      case BodyKind::kJson: wanted += "application/json"; break;
      case BodyKind::kMultipart: wanted += "multipart/form-data"; break;
      case BodyKind::kPicture: wanted += "image/* or application/octet-stream"; break;
      case BodyKind::kOther: wanted += "anything"; break;
    }
  }
  return wanted;
}

// The answer to OPTIONS, with which browsers ask before they send anything, keys included.
std::optional<Refusal> AnswerOptions(const RawHead& raw, const RequestHead& head) {
  if (raw.method != "OPTIONS" || head.match.allow.empty()) return std::nullopt;
  Refusal answer{.status = 204, .message = "", .headers = {{"Allow", head.match.allow + ", OPTIONS"}}};
  if (!head.allow_origin.empty()) {
    answer.headers.emplace_back("Access-Control-Allow-Methods", head.match.allow);
    answer.headers.emplace_back("Access-Control-Allow-Headers", "Content-Type, Authorization, X-API-Key, X-Request-Id");
    answer.headers.emplace_back("Access-Control-Max-Age", "600");
  }
  return answer;
}

std::optional<Refusal> CheckRoute(const RawHead& raw, const RequestHead& head) {
  if (head.match.route != nullptr) return std::nullopt;
  if (head.match.allow.empty())
    return Refusal{.status = 404,
                   .message = fmt::format("Endpoint not found: {} {}", raw.method, head.request.path),
                   .headers = {}};
  return Refusal{
      .status = 405,
      .message = fmt::format("{} is not allowed on {}; use {}", raw.method, head.request.path, head.match.allow),
      .headers = {{"Allow", head.match.allow}}};
}

std::optional<Refusal> CheckBody(const RawHead& raw, const RequestHead& head, const Limits& limits) {
  if (!head.has_body) return std::nullopt;
  if (!raw.content_encoding.empty() && !EqualIgnoringCase(raw.content_encoding, "identity"))
    return Refusal{.status = 415,
                   .message = fmt::format("Content-Encoding '{}' is not supported; send the body uncompressed",
                                          raw.content_encoding),
                   .headers = {}};
  const std::vector<BodyKind>& accepts = head.match.route->accepts;
  if (!accepts.empty() && std::ranges::find(accepts, KindOf(raw.content_type)) == accepts.end())
    return Refusal{.status = 415,
                   .message = fmt::format("Content-Type '{}' is not accepted here; send {}", raw.content_type,
                                          WantedContentTypes(*head.match.route)),
                   .headers = {}};
  if (raw.content_length.value_or(0) > limits.max_body_bytes)
    return Refusal{.status = 413, .message = BodyTooLargeMessage(limits), .headers = {}};
  return std::nullopt;
}

// Whether a list such as "no-cache, no-store" has the word.
bool HasDirective(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (EqualIgnoringCase(Trim(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::optional<Refusal> Check(const RawHead& raw, RequestHead& head, const Router& router, const Limits& limits,
                             const AccessCheck& check_access) {
  Result<Target> target = ParseTarget(raw.target);
  if (!target) return Refusal{.status = 400, .message = target.error().message, .headers = {}};
  head.request.path = std::move(target->path);
  head.request.query = std::move(target->query);
  head.match = router.Find(raw.method, head.request.path);
  head.request.tail = std::string(head.match.tail);

  if (raw.host_count > 1 || (raw.host_count == 0 && raw.version >= 11))
    return Refusal{.status = 400, .message = "an HTTP/1.1 request needs exactly one Host header", .headers = {}};
  if (!raw.origin.empty()) {
    if (!IsOriginAllowed(raw.origin, raw.host, limits.allowed_origins))
      return Refusal{.status = 403,
                     .message =
                         "pages of this origin may not call the service; server.allowed_origins in its "
                         "configuration lists those that may",
                     .headers = {}};
    if (IsListedOrigin(raw.origin, limits.allowed_origins)) head.allow_origin = std::string(raw.origin);
  }
  if (std::optional<Refusal> answer = AnswerOptions(raw, head)) return answer;
  const bool open = head.match.route != nullptr && head.match.route->open;
  if (check_access && !open) {
    if (std::optional<Refusal> refusal = check_access(raw, head.request)) return refusal;
  }
  if (std::optional<Refusal> refusal = CheckRoute(raw, head)) return refusal;
  if (std::optional<Refusal> refusal = CheckBody(raw, head, limits)) return refusal;
  if (!raw.expect.empty() && !head.expects_continue)
    return Refusal{.status = 417, .message = "only 'Expect: 100-continue' is supported", .headers = {}};
  return std::nullopt;
}

}  // namespace

RequestHead ReadHead(const RawHead& raw, const Router& router, const Limits& limits, const AccessCheck& check_access) {
  RequestHead head;
  head.request.method = std::string(raw.method);
  head.request.content_type = std::string(raw.content_type);
  head.request.accept = std::string(raw.accept);
  head.request.id = ChooseRequestId(raw.request_id);
  head.request.if_none_match = std::string(raw.if_none_match);
  head.request.no_store = HasDirective(raw.cache_control, "no-store");
  head.match.errors = &kNativeErrors;
  head.content_length = raw.content_length;
  head.has_body = raw.chunked || raw.content_length.value_or(0) > 0;
  head.expects_continue = raw.version >= 11 && EqualIgnoringCase(raw.expect, "100-continue");
  head.refusal = Check(raw, head, router, limits, check_access);
  return head;
}

std::string BodyTooLargeMessage(const Limits& limits) {
  return fmt::format("the body is larger than {} bytes ({:.1f} MiB, server.max_body_bytes)", limits.max_body_bytes,
                     static_cast<double>(limits.max_body_bytes) / (1 << 20));
}

}  // namespace hailo_clip::http
