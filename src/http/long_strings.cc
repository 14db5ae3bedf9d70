#include "http/long_strings.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace hailo_clip::http {
namespace {

constexpr std::string_view kMarkBegin = "\\u0000";  // in JSON: what no text in a request may hold

// What may stand in a JSON string as it is, of ASCII. Signed: bytes of other characters are below 0.
bool IsPlain(signed char c) { return c >= ' ' && c != '"' && c != '\\' && c != 0x7F; }

// How many plain bytes `text` begins with.
std::size_t PlainLength(std::string_view text) {
  // The compiler's own vectors: SSE2 on amd64, NEON on arm64. A comparison gives -1 or 0 for each byte.
  using Bytes16 = signed char __attribute__((vector_size(16)));
  using Blocks = std::array<Bytes16, 4>;
  std::size_t length = 0;
  for (; length + sizeof(Blocks) <= text.size(); length += sizeof(Blocks)) {
    Blocks blocks;
    std::memcpy(blocks.data(), text.data() + length, sizeof(Blocks));
    Bytes16 plain = ~Bytes16{};
    for (const Bytes16& c : blocks) plain &= (c >= ' ') & (c != '"') & (c != '\\') & (c != 0x7F);
    const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(plain);
    if ((halves[0] & halves[1]) != ~std::uint64_t{0}) break;
  }
  while (length < text.size() && IsPlain(static_cast<signed char>(text[length]))) ++length;
  return length;
}

// Behind the quote that ends the string which begins at `begin`, or npos.
std::size_t EndOfString(std::string_view json, std::size_t begin) {
  for (std::size_t i = begin; i < json.size(); ++i) {
    if (json[i] == '"') return i + 1;
    if (json[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<LongStrings> LongStrings::TakeFrom(std::string_view body) {
  if (body.size() < kLeast) return std::nullopt;
  LongStrings taken;
  std::size_t copied = 0;
  for (std::size_t quote = body.find('"'); quote != std::string_view::npos;) {
    const std::size_t begin = quote + 1;
    const std::size_t length = PlainLength(body.substr(begin));
    std::size_t end = begin + length;
    if (length >= kLeast && end < body.size() && body[end] == '"') {
      const std::string_view before = body.substr(copied, begin - copied);
      if (before.contains(kMarkBegin)) return std::nullopt;
      taken.json += before;
      taken.json += fmt::format("{}{}", kMarkBegin, taken.strings_.size());
      taken.strings_.push_back(body.substr(begin, length));
      copied = end;
    }
    end = EndOfString(body, end);
    quote = end == std::string_view::npos ? end : body.find('"', end);
  }
  const std::string_view rest = body.substr(copied);
  if (taken.strings_.empty() || rest.contains(kMarkBegin)) return std::nullopt;
  taken.json += rest;
  return taken;
}

std::string_view LongStrings::Find(std::string_view mark) const {
  if (!mark.starts_with('\0')) return mark;
  std::size_t index = strings_.size();
  std::from_chars(mark.data() + 1, mark.data() + mark.size(), index);
  return index < strings_.size() ? strings_[index] : mark;
}

}  // namespace hailo_clip::http
