#include "text/text_steps.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/base64.h"
#include "text/chars_map.h"
#include "text/clean_text.h"
#include "text/json_match.h"
#include "text/sentencepiece_pieces.h"
#include "text/unicode.h"

namespace hailo_clip {
namespace {

namespace dom = simdjson::dom;
using Characters = std::bitset<128>;

constexpr int kMaxNesting = 4;
constexpr std::size_t kMaxTextBytes = 64;  // of a type, a replacement or a prefix; published ones have a few characters

bool IsSpaceAt(std::string_view text, std::size_t at, std::size_t& size) {
  const DecodedChar decoded = DecodeUtf8(text, at);
  size = decoded.size;
  return ClassOf(decoded.code_point) == CharClass::kSpace;
}

std::string Strip(std::string_view text, bool left, bool right) {
  std::size_t begin = text.size();
  std::size_t end = 0;
  std::size_t size = 0;
  for (std::size_t at = 0; at < text.size(); at += size) {
    if (IsSpaceAt(text, at, size)) continue;
    begin = std::min(begin, at);
    end = at + size;
  }
  if (!left) begin = 0;
  if (!right) end = text.size();
  return begin < end ? std::string(text.substr(begin, end - begin)) : std::string();
}

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t found = text.find(from, at);
    out += text.substr(at, found - at);
    if (found == std::string_view::npos) return out;
    out += to;
    at = found + from.size();
  }
}

// Runs of at least `least` spaces; of any white space, or of U+0020 alone.
std::string ReplaceRuns(std::string_view text, bool any_white_space, std::size_t least, std::string_view to) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    std::size_t size = 0;
    std::size_t count = 0;
    while (end < text.size() && IsSpaceAt(text, end, size) && (any_white_space || text[end] == ' ')) {
      end += size;
      ++count;
    }
    if (count == 0) end = at + size;
    out += count >= least ? to : text.substr(at, end - at);
    at = end;
  }
  return out;
}

std::string ReplaceEach(std::string_view text, const Characters& characters, std::string_view to) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < characters.size() && characters[byte]) {
      out += to;
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string Metaspace(std::string_view text, bool prefix) {
  std::string out = ReplaceAll(text, " ", kSpaceMark);
  if (prefix && !out.empty() && !out.starts_with(kSpaceMark)) out.insert(0, kSpaceMark);
  return out;
}

// WhitespaceSplit: Metaspace sees one word at a time, and no white space.
std::string MetaspaceOfWords(std::string_view text, bool prefix) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    std::size_t size = 0;
    while (end < text.size() && !IsSpaceAt(text, end, size)) end += size;
    if (end > at) out += Metaspace(text.substr(at, end - at), prefix);
    at = end + (end < text.size() ? size : 0);
  }
  return out;
}

// "[...]" of ASCII punctuation, with escapes and ranges; nothing for any other pattern.
std::optional<Characters> PunctuationClass(std::string_view pattern) {
  if (pattern.size() < 3 || pattern.front() != '[' || pattern.back() != ']' || pattern[1] == '^') return std::nullopt;
  pattern = pattern.substr(1, pattern.size() - 2);
  Characters characters;
  std::size_t at = 0;
  const auto next = [&]() -> unsigned {
    if (at < pattern.size() && pattern[at] == '\\') {
      ++at;
    } else if (at < pattern.size() && (pattern[at] == '[' || pattern[at] == ']' || pattern.substr(at, 2) == "&&")) {
      return 0;  // a class in a class, an intersection
    }
    return at < pattern.size() ? static_cast<unsigned char>(pattern[at++]) : 0;
  };
  while (at < pattern.size()) {
    const unsigned first = next();
    unsigned last = first;
    if (at + 1 < pattern.size() && pattern[at] == '-') {
      ++at;
      last = next();
    }
    if (first == 0 || last < first) return std::nullopt;
    for (unsigned c = first; c <= last; ++c) {
      if (c <= 0x20 || c >= 0x7F || ClassOfAscii(static_cast<char>(c)) != CharClass::kOther) return std::nullopt;
      characters.set(c);
    }
  }
  return characters;
}

std::unexpected<Error> Refuse(std::string_view path, std::string_view why) {
  return Fail(ErrorCode::kBadModel, "{} {}", path, why);
}

Result<std::string_view> Text(const dom::object& object, std::string_view path, std::string_view key) {
  std::string_view value;
  if (object[key].get(value) != simdjson::SUCCESS) return Refuse(path, fmt::format("has no text {}", key));
  if (value.size() > kMaxTextBytes)
    return Refuse(fmt::format("{}.{}", path, key), fmt::format("is longer than {} bytes", kMaxTextBytes));
  return value;
}

Result<bool> Boolean(const dom::object& object, std::string_view path, std::string_view key, bool otherwise) {
  bool value = otherwise;
  const auto error = object[key].get(value);
  if (error != simdjson::SUCCESS && error != simdjson::NO_SUCH_FIELD)
    return Refuse(path, fmt::format("has a {} that is neither true nor false", key));
  return value;
}

Status OnlyKeys(const dom::object& object, std::string_view path, std::initializer_list<std::string_view> known) {
  for (const auto [key, value] : object)
    if (key != "type" && std::ranges::find(known, key) == known.end())
      return Refuse(fmt::format("{}.{}", path, key.substr(0, 100)), "is not implemented");
  return {};
}

Result<TextStep> ReadReplace(const dom::object& object, std::string_view path) {
  HC_TRY(OnlyKeys(object, path, {"pattern", "content"}));
  HC_ASSIGN(const std::string_view content, Text(object, path, "content"));
  const std::string to(content);
  std::string_view pattern;
  if (object["pattern"]["String"].get(pattern) == simdjson::SUCCESS && !pattern.empty())
    return [from = std::string(pattern), to](std::string_view text) { return ReplaceAll(text, from, to); };
  if (object["pattern"]["Regex"].get(pattern) != simdjson::SUCCESS)
    return Refuse(path, "has no pattern, String or Regex");
  if (pattern == " {2,}") return [to](std::string_view text) { return ReplaceRuns(text, false, 2, to); };
  if (pattern == "\\s+") return [to](std::string_view text) { return ReplaceRuns(text, true, 1, to); };
  if (const auto characters = PunctuationClass(pattern))
    return [characters = *characters, to](std::string_view text) { return ReplaceEach(text, characters, to); };
  return Refuse(fmt::format("{}.pattern.Regex", path),
                fmt::format("is '{}', which is not implemented", pattern.substr(0, 100)));
}

Result<TextStep> ReadCharsMap(const dom::object& object, std::string_view path) {
  HC_TRY(OnlyKeys(object, path, {"precompiled_charsmap"}));
  std::string_view encoded;
  dom::element value;
  const bool there = object["precompiled_charsmap"].get(value) == simdjson::SUCCESS && !value.is_null();
  if (there && value.get(encoded) != simdjson::SUCCESS)
    return Refuse(path, "has a precompiled_charsmap that is not text");
  const auto content = DecodeBase64(encoded);
  if (!content.has_value()) return Refuse(path, "has a precompiled_charsmap that is not base64");
  auto map = CharsMap::Create(*content);
  if (!map.has_value()) return FailWithin(path, std::move(map).error());
  const auto shared = std::make_shared<const CharsMap>(*std::move(map));
  return [shared](std::string_view text) { return shared->Apply(text); };
}

Result<TextStep> ReadNormalizer(std::string_view type, const dom::object& object, std::string_view path) {
  if (type == "Replace") return ReadReplace(object, path);
  if (type == "Precompiled") return ReadCharsMap(object, path);
  if (type == "Lowercase") {
    HC_TRY(OnlyKeys(object, path, {}));
    return [](std::string_view text) { return CleanText(text, TextCleaning::kLowerCase); };
  }
  if (type == "Strip") {
    HC_TRY(OnlyKeys(object, path, {"strip_left", "strip_right"}));
    HC_ASSIGN(const bool left, Boolean(object, path, "strip_left", true));
    HC_ASSIGN(const bool right, Boolean(object, path, "strip_right", true));
    return [left, right](std::string_view text) { return Strip(text, left, right); };
  }
  if (type == "Prepend") {
    HC_TRY(OnlyKeys(object, path, {"prepend"}));
    HC_ASSIGN(const std::string_view prefix, Text(object, path, "prepend"));
    return [prefix = std::string(prefix)](std::string_view text) {
      return text.empty() ? "" : prefix + std::string(text);
    };
  }
  return Refuse(fmt::format("{}.type", path), fmt::format("is '{}', which is not implemented", type.substr(0, 100)));
}

// The elements of a Sequence, however deep, or the one element itself; none for null.
Status Flatten(const dom::element& element, std::string_view path, std::string_view list_key, int depth,
               std::vector<std::pair<std::string, dom::object>>& found) {
  if (element.is_null()) return {};
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return Refuse(path, "is not an object");
  HC_ASSIGN(const std::string_view type, Text(object, path, "type"));
  if (type != "Sequence") {
    found.emplace_back(path, object);
    return {};
  }
  HC_TRY(OnlyKeys(object, path, {list_key}));
  dom::array array;
  if (depth == kMaxNesting || object[list_key].get(array) != simdjson::SUCCESS)
    return Refuse(path, fmt::format("has no list {}, or lists in too many lists", list_key));
  std::size_t index = 0;
  for (const dom::element one : array)
    HC_TRY(Flatten(one, fmt::format("{}.{}[{}]", path, list_key, index++), list_key, depth + 1, found));
  return {};
}

Status ReadMetaspace(const dom::object& object, std::string_view path, bool of_words, TextSteps& steps) {
  HC_TRY(OnlyKeys(object, path, {"replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split"}));
  HC_ASSIGN(const std::string_view replacement, Text(object, path, "replacement"));
  if (replacement != kSpaceMark) return Refuse(fmt::format("{}.replacement", path), "is not U+2581");
  HC_ASSIGN(bool prefix, Boolean(object, path, "add_prefix_space", true));
  std::string_view scheme;
  if (object["prepend_scheme"].get(scheme) == simdjson::SUCCESS) {
    constexpr std::array<std::string_view, 3> known = {"always", "first", "never"};
    if (std::ranges::find(known, scheme) == known.end() || (of_words && scheme == "first"))
      return Refuse(fmt::format("{}.prepend_scheme", path),
                    fmt::format("is '{}', which is not implemented", scheme.substr(0, 100)));
    prefix = scheme != "never";
  }
  HC_ASSIGN(steps.cuts_words, Boolean(object, path, "split", true));
  steps.cuts_words = steps.cuts_words || of_words;
  steps.adds_prefix = prefix;
  steps.steps.emplace_back([prefix, of_words](std::string_view text) {
    return of_words ? MetaspaceOfWords(text, prefix) : Metaspace(text, prefix);
  });
  return {};
}

// Gemma's: it parts at spaces, of which the normalizer has left none.
bool IsSplitAtSpaces(const dom::object& object) {
  std::string_view pattern;
  return object["pattern"]["String"].get(pattern) == simdjson::SUCCESS && pattern == " ";
}

}  // namespace

Result<TextSteps> ReadTextSteps(const dom::element& normalizer, const dom::element& pre_tokenizer) {
  TextSteps steps;
  std::vector<std::pair<std::string, dom::object>> found;
  HC_TRY(Flatten(normalizer, "normalizer", "normalizers", 0, found));
  for (const auto& [path, object] : found) {
    HC_ASSIGN(const std::string_view type, Text(object, path, "type"));
    HC_ASSIGN(TextStep step, ReadNormalizer(type, object, path));
    steps.steps.push_back(std::move(step));
  }
  const bool no_spaces =
      std::ranges::any_of(steps.steps, [](const TextStep& step) { return step("a b") == "a\u2581b"; });
  found.clear();
  HC_TRY(Flatten(pre_tokenizer, "pre_tokenizer", "pretokenizers", 0, found));
  bool of_words = false;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& [path, object] = found[i];
    const bool last = i + 1 == found.size();
    HC_ASSIGN(const std::string_view type, Text(object, path, "type"));
    if (type == "WhitespaceSplit" && !last && !of_words) {
      of_words = true;
    } else if (type == "Metaspace" && last) {
      HC_TRY(ReadMetaspace(object, path, of_words, steps));
    } else if (type != "Split" || found.size() != 1 || !no_spaces || !IsSplitAtSpaces(object)) {
      return Refuse(fmt::format("{}.type", path),
                    fmt::format("is '{}', which is not implemented there", type.substr(0, 100)));
    }
  }
  return steps;
}

}  // namespace hailo_clip
