#include "http/api_keys.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/sha256.h"
#include "http/ascii.h"

namespace hailo_clip::http {
namespace {

constexpr std::string_view kPrefix = "hck_";
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kKeyLength = 56;  // the prefix and 256 bits, five a character
constexpr std::string_view kHashPrefix = "sha256:";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kMaxNameLength = 64;
constexpr std::string_view kFileHead =
    "# API keys of hailo-clip, as `hailo-clip keys` writes them: name, when it was made, hash. The keys themselves "
    "are\n"
    "# not kept anywhere. Without a line below, nobody needs a key.\n";

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool IsName(std::string_view text) {
  const auto allowed = [](char c) { return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-'; };
  return !text.empty() && text.size() <= kMaxNameLength && IsLetterOrDigit(text.front()) &&
         std::ranges::all_of(text, allowed);
}

bool IsTime(std::string_view text) {
  const auto allowed = [](char c) { return IsLetterOrDigit(c) || c == ':' || c == '-'; };
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, allowed);
}

bool IsSha256(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kHashDigits && std::ranges::all_of(text, is_digit);
}

bool HasFormOfKey(std::string_view text) {
  return text.size() == kKeyLength && text.starts_with(kPrefix) &&
         text.find_first_not_of(kBase32, kPrefix.size()) == std::string_view::npos;
}

// RFC 4648 section 6, in lower case and without padding: 32 bytes give 52 characters.
std::string Base32(const std::array<std::uint8_t, 32>& bytes) {
  std::string text;
  unsigned bits = 0, count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8U) | byte;
    for (count += 8; count >= 5; count -= 5) text += kBase32[(bits >> (count - 5)) & 31U];
    bits &= (1U << count) - 1;
  }
  if (count > 0) text += kBase32[(bits << (5 - count)) & 31U];
  return text;
}

// The next word of a line, which is shortened by it.
std::string_view TakeWord(std::string_view& line) {
  line = Trim(line);
  const std::size_t end = std::min(line.find_first_of(kAsciiSpace), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

Result<ApiKey> ParseLine(std::string_view line) {
  const std::string_view name = TakeWord(line);
  const std::string_view created = TakeWord(line);
  std::string_view hash = TakeWord(line);
  const bool has_prefix = hash.starts_with(kHashPrefix);
  if (has_prefix) hash.remove_prefix(kHashPrefix.size());
  if (!IsName(name) || !IsTime(created) || !has_prefix || !IsSha256(hash) || !Trim(line).empty())
    return Fail(ErrorCode::kInvalidArgument, "must be 'NAME CREATED sha256:HEX', as `hailo-clip keys add` writes it");
  return ApiKey{.name = std::string(name), .created = std::string(created), .sha256 = std::string(hash)};
}

}  // namespace

Result<ApiKeys> ApiKeys::Parse(std::string_view text, std::string_view file) {
  ApiKeys keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const std::string where = fmt::format("{}:{}", file, number);
    Result<ApiKey> key = ParseLine(line);
    if (!key) return FailWithin(where, std::move(key).error());
    if (std::ranges::find(keys.keys_, key->name, &ApiKey::name) != keys.keys_.end())
      return Fail(ErrorCode::kInvalidArgument, "{}: there is a key '{}' already", where, key->name);
    if (keys.keys_.size() == kMaxApiKeys)
      return Fail(ErrorCode::kInvalidArgument, "{}: more than {} keys", where, kMaxApiKeys);
    keys.keys_.push_back(*std::move(key));
  }
  return keys;
}

std::string ApiKeys::Format() const {
  std::string text(kFileHead);
  for (const ApiKey& key : keys_) text += fmt::format("{} {} {}{}\n", key.name, key.created, kHashPrefix, key.sha256);
  return text;
}

Result<std::string> ApiKeys::Add(std::string_view name, std::time_t now) {
  if (!IsName(name))
    return Fail(ErrorCode::kInvalidArgument,
                "a key's name must be 1 to {} letters, digits, '.', '_' and '-', the first a letter or digit",
                kMaxNameLength);
  if (std::ranges::find(keys_, name, &ApiKey::name) != keys_.end())
    return Fail(ErrorCode::kInvalidArgument, "there is a key '{}' already; choose another name, or revoke it first",
                name);
  if (keys_.size() >= kMaxApiKeys)
    return Fail(ErrorCode::kInvalidArgument, "there are {} keys, which is the limit; revoke one first", kMaxApiKeys);
  std::array<std::uint8_t, 32> random{};
  if (::getentropy(random.data(), random.size()) != 0)
    return Fail(ErrorCode::kInternal, "the system gives no random numbers");
  std::string text = std::string(kPrefix) + Base32(random);
  keys_.push_back({.name = std::string(name),
                   .created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now)),
                   .sha256 = Sha256Hex(text)});
  return text;
}

Status ApiKeys::Revoke(std::string_view name) {
  if (std::erase_if(keys_, [name](const ApiKey& key) { return key.name == name; }) > 0) return {};
  return Fail(ErrorCode::kInvalidArgument, "there is no key '{}'; `hailo-clip keys list` shows those that there are",
              name);
}

const ApiKey* ApiKeys::Find(std::string_view presented) const {
  if (!HasFormOfKey(presented)) return nullptr;
  const std::string hash = Sha256Hex(presented);
  const ApiKey* found = nullptr;
  for (const ApiKey& key : keys_)  // to the end, whichever it is
    if (EqualDigests(key.sha256, hash)) found = &key;
  return found;
}

}  // namespace hailo_clip::http
