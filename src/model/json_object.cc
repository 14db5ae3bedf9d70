#include "model/json_object.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "model/published.h"

namespace hailo_clip {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 20U;

}  // namespace

std::optional<dom::element> JsonObject::Find(std::string_view key) const {
  dom::element element;
  if (!object_.has_value() || object_->at_key(key).get(element) != simdjson::SUCCESS || element.is_null())
    return std::nullopt;
  return element;
}

bool JsonObject::HasObject(std::string_view key) const {
  const auto element = Find(key);
  return element.has_value() && element->is_object();
}

std::unexpected<Error> JsonObject::Refuse(std::string_view key, std::string_view why) const {
  return Fail(ErrorCode::kUnsupported, "{}{} {}", where_, key.substr(0, 100), why);
}

Result<int> JsonObject::Integer(std::string_view key, int otherwise, int least, int most) const {
  const auto element = Find(key);
  if (!element.has_value()) return otherwise;
  std::int64_t value = 0;
  if (element->get(value) != simdjson::SUCCESS || value < least || value > most)
    return Refuse(key, fmt::format("must be a whole number from {} to {}", least, most));
  return static_cast<int>(value);
}

Result<double> JsonObject::Real(std::string_view key, double otherwise, double least, double most) const {
  const auto element = Find(key);
  if (!element.has_value()) return otherwise;
  double value = 0;
  if (element->get(value) != simdjson::SUCCESS || !(value >= least && value <= most))
    return Refuse(key, fmt::format("must be a number from {} to {}", least, most));
  return value;
}

Result<bool> JsonObject::Boolean(std::string_view key, bool otherwise) const {
  const auto element = Find(key);
  bool value = otherwise;
  if (element.has_value() && element->get(value) != simdjson::SUCCESS) return Refuse(key, "must be true or false");
  return value;
}

Result<std::string> JsonObject::Text(std::string_view key) const {
  const auto element = Find(key);
  std::string_view value;
  if (element.has_value() && element->get(value) != simdjson::SUCCESS) return Refuse(key, "must be text");
  return std::string(value);
}

Result<JsonObject> JsonObject::Member(std::string_view key) const {
  JsonObject found(std::nullopt, fmt::format("{}{}.", where_, key));
  const auto element = Find(key);
  if (!element.has_value()) return found;
  if (!element->is_object()) return Refuse(key, "must be an object");
  found.object_ = element->get_object().value_unsafe();
  HC_TRY(found.CheckUnique());
  return found;
}

Result<std::array<float, 3>> JsonObject::Triple(std::string_view key, double least, double most) const {
  std::array<float, 3> values{};
  dom::array array;
  const auto element = Find(key);
  bool valid = element.has_value() && element->get(array) == simdjson::SUCCESS && array.size() == values.size();
  for (std::size_t i = 0; valid && i < values.size(); ++i) {
    double value = 0;
    valid = array.at(i).get(value) == simdjson::SUCCESS && value >= least && value <= most;
    values[i] = static_cast<float>(value);
  }
  if (!valid) return Refuse(key, "must be a list of three numbers, of red, green and blue");
  return values;
}

Result<int> JsonObject::Side(std::string_view key, int otherwise, int least, int most) const {
  const auto element = Find(key);
  dom::array pair;
  if (!element.has_value() || element->get(pair) != simdjson::SUCCESS) return Integer(key, otherwise, least, most);
  std::int64_t height = 0;
  std::int64_t width = 0;
  if (pair.size() != 2 || pair.at(0).get(height) != simdjson::SUCCESS || pair.at(1).get(width) != simdjson::SUCCESS ||
      height != width || height < least || height > most)
    return Refuse(key, fmt::format("must be two equal whole numbers from {} to {}", least, most));
  return static_cast<int>(height);
}

Status JsonObject::OnlyKeys(std::span<const std::string_view> known) const {
  if (!object_.has_value()) return {};
  for (const dom::key_value_pair field : *object_) {
    if (std::ranges::find(known, field.key) != known.end() || field.value.is_null()) continue;
    bool value = true;
    if (field.key.starts_with("do_") && field.value.get(value) == simdjson::SUCCESS && !value) continue;
    return Refuse(field.key, "is not understood and could change the answers");
  }
  return {};
}

Status JsonObject::OneOf(std::string_view key, std::span<const std::string_view> known) const {
  HC_ASSIGN(const std::string value, Text(key));
  if (value.empty() || std::ranges::find(known, value) != known.end()) return {};
  return Refuse(key, fmt::format("is '{}'; known are {}", value.substr(0, 100), fmt::join(known, ", ")));
}

Status JsonObject::RequireTrue(std::string_view key) const {
  HC_ASSIGN(const bool value, Boolean(key, true));
  if (!value) return Refuse(key, "is false; only true can be imported");
  return {};
}

Status JsonObject::CheckUnique() const {
  if (!object_.has_value()) return {};
  std::set<std::string_view> seen;
  for (const dom::key_value_pair field : *object_)
    if (!seen.insert(field.key).second) return Refuse(field.key, "is there twice");
  return {};
}

Result<JsonFile> JsonFile::Read(const std::filesystem::path& folder, std::string_view name) {
  HC_ASSIGN(const std::string text, ReadFile(folder / name, kMaxJsonBytes));
  if (IsLfsPointer(text))
    return Fail(ErrorCode::kBadModel, "{} is a Git LFS pointer, not the file; run `git lfs pull` there", name);
  JsonFile file;
  file.name_ = name;
  if (const auto error = file.parser_->parse(text).get(file.root_); error != simdjson::SUCCESS)
    return Fail(ErrorCode::kBadModel, "{} is not a JSON object: {}", name, simdjson::error_message(error));
  HC_TRY(file.root().CheckUnique());
  return file;
}

}  // namespace hailo_clip
