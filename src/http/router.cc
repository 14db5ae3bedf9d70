#include "http/router.h"

#include <algorithm>
#include <optional>

namespace hailo_clip::http {
namespace {

// The text that the pattern's star stands for, empty for an exact match; nullopt if the path is another.
std::optional<std::string_view> MatchPattern(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with("/*")) return path == pattern ? std::optional(std::string_view()) : std::nullopt;
  pattern.remove_suffix(1);
  if (!path.starts_with(pattern) || path.size() == pattern.size()) return std::nullopt;
  return path.substr(pattern.size());
}

}  // namespace

void Router::Add(Route route) { routes_.push_back(std::move(route)); }

void Router::SetErrors(std::string prefix, const ErrorShape& shape) {
  error_shapes_.emplace_back(std::move(prefix), &shape);
  std::ranges::stable_sort(error_shapes_, [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

Router::Match Router::Find(std::string_view method, std::string_view path) const {
  Match match;
  match.errors = &kNativeErrors;
  for (const auto& [prefix, shape] : error_shapes_)
    if (path.starts_with(prefix)) {
      match.errors = shape;
      break;
    }
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const Route& route : routes_) {
    const std::optional<std::string_view> tail = MatchPattern(route.pattern, path);
    if (!tail) continue;
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route.method == "GET" ? "GET, HEAD" : route.method;
    if (route.method == wanted && match.route == nullptr) {
      match.route = &route;
      match.tail = *tail;
    }
  }
  return match;
}

}  // namespace hailo_clip::http
