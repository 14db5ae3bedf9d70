#include "config/values.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/yaml.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kMaxTextLength = 4'096;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameCharacter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> ItemsOf(const RawValue& raw) {
  if (raw.list.has_value()) return *raw.list;
  std::vector<std::string> items;
  std::string_view rest = raw.text;
  while (!Trim(rest).empty()) {
    const std::size_t comma = rest.find(',');
    items.emplace_back(Trim(rest.substr(0, comma)));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return items;
}

std::string FormatList(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) text += fmt::format("{}{}", text.size() > 1 ? ", " : "", QuoteYaml(item));
  return text + "]";
}

bool IsOrigin(std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view scheme = text.substr(0, scheme_end);
  const std::string_view host = text.substr(scheme_end + 3);
  return (scheme == "http" || scheme == "https") && !host.empty() &&
         host.find_first_of("/?#@ ,*") == std::string_view::npos;
}

// A whole number above zero, at most nine digits, then `suffix`.
bool IsCount(std::string_view text) {
  return !text.empty() && text.size() <= 9 && std::ranges::all_of(text, IsDigit) &&
         text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

Result<std::size_t> Bytes::Parse(const RawValue& raw) const {
  std::string_view digits = raw.text;
  unsigned shift = 0;
  constexpr std::array<std::pair<char, unsigned>, 3> suffixes = {{{'K', 10}, {'M', 20}, {'G', 30}}};
  for (const auto& [suffix, bits] : suffixes) {
    if (!digits.ends_with(suffix)) continue;
    digits.remove_suffix(1);
    shift = bits;
    break;
  }
  std::size_t number = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc() && stop == digits.data() + digits.size() && number <= (most >> shift) &&
      (number << shift) >= least)
    return number << shift;
  return Fail(ErrorCode::kInvalidArgument, "must be a number of bytes from {} to {}, such as 1048576 or 32M, not '{}'",
              least, most, raw.text);
}

Result<double> RealNumber::Parse(const RawValue& raw) const {
  double number = 0;
  const char* end = raw.text.data() + raw.text.size();
  const auto [stop, error] = std::from_chars(raw.text.data(), end, number);
  if (error == std::errc() && stop == end && std::isfinite(number) && number >= least && number <= most) return number;
  return Fail(ErrorCode::kInvalidArgument, "must be a number from {} to {}, not '{}'", least, most, raw.text);
}

Result<bool> Boolean::Parse(const RawValue& raw) const {
  std::string lower;
  for (const char c : raw.text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  for (const std::string_view word : {"true", "yes", "on", "1"})
    if (lower == word) return true;
  for (const std::string_view word : {"false", "no", "off", "0"})
    if (lower == word) return false;
  return Fail(ErrorCode::kInvalidArgument, "must be true or false, not '{}'", raw.text);
}

Result<std::string> Text::Parse(const RawValue& raw) const {
  if (raw.text.size() > kMaxTextLength) return Fail(ErrorCode::kInvalidArgument, "is too long");
  if (const std::string wrong = check(raw.text); !wrong.empty())
    return Fail(ErrorCode::kInvalidArgument, "{}, not '{}'", wrong, raw.text);
  return raw.text;
}

std::string Text::Format(const std::string& value) const { return QuoteYaml(value); }

Result<std::vector<std::string>> Origins::Parse(const RawValue& raw) const {
  std::vector<std::string> origins = ItemsOf(raw);
  for (const std::string& origin : origins)
    if (!IsOrigin(origin))
      return Fail(ErrorCode::kInvalidArgument, "must be origins such as https://example.org:8080, not '{}'", origin);
  return origins;
}

std::string Origins::Format(const Type& value) const { return FormatList(value); }

Result<std::vector<std::string>> ModelNames::Parse(const RawValue& raw) const {
  std::vector<std::string> names = ItemsOf(raw);
  for (const std::string& name : names)
    if (!CheckModel(name).empty() || name == "auto")
      return Fail(ErrorCode::kInvalidArgument, "must be names as `hailo-clip models list` shows them, not '{}'", name);
  return names;
}

std::string ModelNames::Format(const Type& value) const { return FormatList(value); }

Result<std::vector<std::filesystem::path>> Folders::Parse(const RawValue& raw) const {
  std::vector<std::filesystem::path> folders;
  for (const std::string& item : ItemsOf(raw)) {
    folders.emplace_back(item);
    if (!folders.back().is_absolute())
      return Fail(ErrorCode::kInvalidArgument, "must be absolute paths, such as /srv/models, not '{}'", item);
  }
  return folders;
}

std::string Folders::Format(const Type& value) const {
  std::vector<std::string> items;
  for (const std::filesystem::path& path : value) items.push_back(path.string());
  return FormatList(items);
}

Result<std::filesystem::path> Folder::Parse(const RawValue& raw) const {
  const std::filesystem::path folder = raw.text;
  if (folder.empty() || folder.is_absolute()) return folder;
  return Fail(ErrorCode::kInvalidArgument, "must be an absolute path, such as /srv/label-sets, or \"\", not '{}'",
              raw.text);
}

std::string Folder::Format(const Type& value) const { return QuoteYaml(value.string()); }

Result<std::filesystem::path> File::Parse(const RawValue& raw) const {
  const std::filesystem::path file = raw.text;
  if (file.is_absolute() && file.has_filename()) return file;
  return Fail(ErrorCode::kInvalidArgument, "must be the absolute path of a file, such as /srv/keys, not '{}'",
              raw.text);
}

std::string File::Format(const Type& value) const { return QuoteYaml(value.string()); }

std::string CheckHost(std::string_view text) {
  const bool valid = !text.empty() && text.size() <= 253 &&
                     std::ranges::all_of(text, [](char c) { return IsNameCharacter(c) || c == ':' || c == '%'; });
  return valid ? "" : "must be an address or a host name, such as 127.0.0.1, 0.0.0.0 or ::1";
}

std::string CheckModel(std::string_view text) {
  const bool valid = !text.empty() && text.size() <= 100 && std::ranges::all_of(text, IsNameCharacter) &&
                     text.find_first_of("._-") != 0;
  return valid ? "" : "must be auto or a model's name as `hailo-clip models list` shows it";
}

std::string CheckBackend(std::string_view text) {
  const bool valid = !text.empty() && text.size() <= 32 && std::ranges::all_of(text, IsNameCharacter);
  return valid ? "" : "must be a backend's name, such as onnx";
}

std::string CheckMemoryMax(std::string_view text) {
  if (text.empty() || text == "infinity") return "";
  std::string_view count = text;
  if (std::string_view("KMGT%").find(count.back()) != std::string_view::npos) count.remove_suffix(1);
  const bool in_bytes = count == text && count.size() > 9 && count.size() <= 15 && std::ranges::all_of(count, IsDigit);
  return IsCount(count) || in_bytes ? ""
                                    : "must be as systemd's MemoryMax: 3G, 512M, 50% or infinity, or \"\" for none";
}

std::string CheckCpuQuota(std::string_view text) {
  if (text.empty() || (text.ends_with('%') && IsCount(text.substr(0, text.size() - 1)))) return "";
  return "must be as systemd's CPUQuota: a share of one core, 80% or 300%, or \"\" for none";
}

}  // namespace hailo_clip
