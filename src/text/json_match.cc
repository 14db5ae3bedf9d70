#include "text/json_match.h"

#include <algorithm>
#include <string>

namespace hailo_clip {
namespace {

namespace dom = simdjson::dom;

std::string Shown(const dom::element& element) {
  std::string text = simdjson::minify(element);
  if (text.size() > 100) text.replace(100, text.npos, "...");
  return text;
}

bool IsOff(const dom::element& element) {
  if (element.is_null()) return true;
  bool flag = false;
  std::string_view text;
  double number = 0;
  if (element.get(flag) == simdjson::SUCCESS) return !flag;
  if (element.get(text) == simdjson::SUCCESS) return text.empty();
  return element.get(number) == simdjson::SUCCESS && number == 0;
}

Status MatchObjects(std::string_view path, const dom::object& found, const dom::object& expected,
                    std::span<const std::string_view> others) {
  for (const auto [key, value] : found) {
    if (std::ranges::find(others, key) != others.end()) continue;
    dom::element wanted;
    if (expected[key].get(wanted) != simdjson::SUCCESS)
      return Fail(ErrorCode::kBadModel, "{}.{} is not implemented", path, key.substr(0, 100));
    HC_TRY(MatchJson(fmt::format("{}.{}", path, key), value, wanted, others));
  }
  for (const auto [key, wanted] : expected) {
    dom::element value;
    if (found[key].get(value) != simdjson::SUCCESS && !IsOff(wanted))
      return Fail(ErrorCode::kBadModel, "{}.{} is missing; only {} is implemented", path, key, Shown(wanted));
  }
  return {};
}

}  // namespace

Status MatchJson(std::string_view path, const dom::element& found, const dom::element& expected,
                 std::span<const std::string_view> others) {
  dom::object object, expected_object;
  if (found.get(object) == simdjson::SUCCESS && expected.get(expected_object) == simdjson::SUCCESS)
    return MatchObjects(path, object, expected_object, others);
  dom::array array, expected_array;
  if (found.get(array) == simdjson::SUCCESS && expected.get(expected_array) == simdjson::SUCCESS &&
      array.size() == expected_array.size()) {
    for (std::size_t i = 0; i < array.size(); ++i) {
      HC_TRY(MatchJson(fmt::format("{}[{}]", path, i), array.at(i).value_unsafe(), expected_array.at(i).value_unsafe(),
                       others));
    }
    return {};
  }
  if (IsOff(found) && IsOff(expected)) return {};
  const bool scalars = !found.is_object() && !found.is_array() && !expected.is_object() && !expected.is_array();
  if (scalars && Shown(found) == Shown(expected)) return {};
  return Fail(ErrorCode::kBadModel, "{} is {}; only {} is implemented", path, Shown(found), Shown(expected));
}

std::optional<std::array<std::string_view, 2>> ReadJsonMerge(const dom::element& merge) {
  std::string_view text;
  if (merge.get(text) == simdjson::SUCCESS) {
    const std::size_t space = text.find(' ');
    if (space == text.npos) return std::nullopt;
    return std::array{text.substr(0, space), text.substr(space + 1)};
  }
  dom::array pair;
  std::array<std::string_view, 2> tokens;
  if (merge.get(pair) != simdjson::SUCCESS || pair.size() != 2 || pair.at(0).get(tokens[0]) != simdjson::SUCCESS ||
      pair.at(1).get(tokens[1]) != simdjson::SUCCESS)
    return std::nullopt;
  return tokens;
}

}  // namespace hailo_clip
