#include "http/target.h"

#include <cstddef>

namespace hailo_clip::http {
namespace {

constexpr std::size_t kMaxParameters = 1100;  // 1,000 prompts and the other fields

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) c = ' ';
    if (c == '%') {
      const int high = i + 1 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return Fail(ErrorCode::kInvalidArgument, "the request target has a '%' that two hex digits do not follow");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return Fail(ErrorCode::kInvalidArgument, "the request target holds a NUL character");
    out += c;
  }
  return out;
}

}  // namespace

Result<Target> ParseTarget(std::string_view target) {
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const std::size_t slash = target.find('/', target.find("://") + 3);
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (!target.starts_with('/')) return Fail(ErrorCode::kInvalidArgument, "the request target must start with '/'");
  target = target.substr(0, target.find('#'));
  const std::size_t question = target.find('?');
  Target parsed;
  HC_ASSIGN(parsed.path, PercentDecode(target.substr(0, question), false));
  if (question == std::string_view::npos) return parsed;

  std::string_view query = target.substr(question + 1);
  while (!query.empty()) {
    const std::size_t ampersand = query.find('&');
    const std::string_view pair = query.substr(0, ampersand);
    query = ampersand == std::string_view::npos ? std::string_view() : query.substr(ampersand + 1);
    if (pair.empty()) continue;
    if (parsed.query.size() == kMaxParameters)
      return Fail(ErrorCode::kInvalidArgument, "more than {} query parameters", kMaxParameters);
    const std::size_t equals = pair.find('=');
    HC_ASSIGN(std::string name, PercentDecode(pair.substr(0, equals), true));
    std::string value;
    if (equals != std::string_view::npos) {
      HC_ASSIGN(value, PercentDecode(pair.substr(equals + 1), true));
    }
    parsed.query.emplace_back(std::move(name), std::move(value));
  }
  return parsed;
}

}  // namespace hailo_clip::http
