#include "engine/label_set.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "base/json_writer.h"
#include "base/sha256.h"
#include "text/prompt_template.h"

namespace hailo_clip {
namespace {

namespace dom = simdjson::dom;

constexpr std::array<std::string_view, 5> kFields{"labels", "templates", "descriptions", "threshold", "reject_below"};

bool IsPhoto(const LabelSet& set) { return set.templates.size() == 1 && set.templates.front() == kPhotoTemplates; }

std::size_t TemplateCount(const LabelSet& set) {
  return IsPhoto(set) ? PhotoTemplates().size() : std::max<std::size_t>(1, set.templates.size());
}

Status CheckText(std::string_view text, std::string_view where) {
  if (text.find_first_not_of(" \t\r\n") == text.npos)
    return Fail(ErrorCode::kInvalidArgument, "{} must not be empty", where);
  if (text.contains('\0')) return Fail(ErrorCode::kInvalidArgument, "{} holds a NUL character", where);
  if (text.size() > kMaxLabelBytes)
    return Fail(ErrorCode::kInvalidArgument, "{} is longer than {} bytes", where, kMaxLabelBytes);
  return {};
}

Status CheckLabels(const std::vector<std::string>& labels) {
  if (labels.empty() || labels.size() > kMaxLabels)
    return Fail(ErrorCode::kInvalidArgument, "field 'labels' must have 1 to {} labels, not {}", kMaxLabels,
                labels.size());
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    HC_TRY(CheckText(labels[i], fmt::format("field 'labels'[{}]", i)));
    const auto [first, inserted] = seen.try_emplace(labels[i], i);
    if (!inserted)
      return Fail(ErrorCode::kInvalidArgument, "field 'labels'[{}] is the same as [{}], '{}': a label may occur once",
                  i, first->second, labels[i].substr(0, 100));
  }
  return {};
}

Status CheckTemplates(const LabelSet& set) {
  if (IsPhoto(set)) return {};
  if (set.templates.size() > kMaxLabelTemplates)
    return Fail(ErrorCode::kInvalidArgument, "field 'templates' has more than {} members", kMaxLabelTemplates);
  for (std::size_t i = 0; i < set.templates.size(); ++i) {
    const std::string where = fmt::format("field 'templates'[{}]", i);
    HC_TRY(CheckText(set.templates[i], where));
    if (Status good = CheckTemplate(set.templates[i]); !good) return FailWithin(where, std::move(good).error());
  }
  return {};
}

Status CheckDescriptions(const LabelSet& set) {
  std::vector<std::string_view> labels(set.labels.begin(), set.labels.end());
  std::ranges::sort(labels);
  std::size_t texts = (set.labels.size() - std::min(set.labels.size(), set.descriptions.size())) * TemplateCount(set);
  for (const auto& [label, descriptions] : set.descriptions) {
    const std::string where = fmt::format("field 'descriptions': '{}'", label.substr(0, 100));
    if (!std::ranges::binary_search(labels, std::string_view(label)))
      return Fail(ErrorCode::kInvalidArgument, "{} is not among the labels", where);
    if (descriptions.empty() || descriptions.size() > kMaxLabelTemplates)
      return Fail(ErrorCode::kInvalidArgument, "{} must have 1 to {} texts", where, kMaxLabelTemplates);
    for (const std::string& text : descriptions) HC_TRY(CheckText(text, where));
    texts += descriptions.size();
  }
  if (texts > kMaxLabelTexts)
    return Fail(ErrorCode::kInvalidArgument, "the labels in their templates are {} texts, more than {}", texts,
                kMaxLabelTexts);
  return {};
}

Status CheckRange(const std::optional<double>& value, std::string_view field, double least, double most) {
  if (!value || (*value >= least && *value <= most)) return {};
  return Fail(ErrorCode::kInvalidArgument, "field '{}' must be a number from {} to {}", field, least, most);
}

std::optional<dom::element> Find(dom::object object, std::string_view field) {
  dom::element value;
  if (object.at_key(field).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

Result<std::vector<std::string>> ReadStrings(dom::element value, std::string_view where, std::size_t most) {
  dom::array array;
  if (value.get(array) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "{} must be an array of strings", where);
  std::vector<std::string> texts;
  for (const dom::element member : array) {
    std::string_view text;
    if (member.get(text) != simdjson::SUCCESS)
      return Fail(ErrorCode::kInvalidArgument, "{}[{}] must be a string", where, texts.size());
    if (texts.size() == most) return Fail(ErrorCode::kInvalidArgument, "{} has more than {} members", where, most);
    texts.emplace_back(text);
  }
  return texts;
}

Result<std::vector<std::string>> ReadTemplates(dom::element value) {
  std::string_view word;
  if (value.get(word) != simdjson::SUCCESS) return ReadStrings(value, "field 'templates'", kMaxLabelTemplates);
  if (word == kPhotoTemplates) return std::vector{std::string(word)};
  return Fail(ErrorCode::kInvalidArgument, "field 'templates' must be \"photo\" or an array of strings with one {{}}");
}

Status ReadDescriptions(dom::element value, LabelSet& set) {
  dom::object object;
  if (value.get(object) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "field 'descriptions' must be an object from labels to arrays of strings");
  for (const dom::key_value_pair entry : object) {
    const std::string where = fmt::format("field 'descriptions': '{}'", entry.key.substr(0, 100));
    HC_ASSIGN(std::vector<std::string> texts, ReadStrings(entry.value, where, kMaxLabelTemplates));
    if (!set.descriptions.emplace(entry.key, std::move(texts)).second)
      return Fail(ErrorCode::kInvalidArgument, "{} occurs twice", where);
  }
  return {};
}

Result<std::optional<double>> ReadNumber(dom::object object, std::string_view field) {
  const auto value = Find(object, field);
  if (!value) return std::nullopt;
  double number = 0;
  if (value->get(number) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "field '{}' must be a number", field);
  return number;
}

}  // namespace

std::span<const std::string_view> LabelSetFields() { return kFields; }

Status CheckLabelSetName(std::string_view name) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (!name.empty() && name.size() <= 64 && is_plain(name.front()) &&
      std::ranges::all_of(name, [&](char c) { return is_plain(c) || c == '_' || c == '-'; }))
    return {};
  return Fail(ErrorCode::kInvalidArgument,
              "'{}' cannot name a label set: a name is 1 to 64 of a-z, 0-9, - and _, and begins with a letter or digit",
              name.substr(0, 100));
}

Status CheckLabelSet(const LabelSet& set) {
  HC_TRY(CheckLabels(set.labels));
  HC_TRY(CheckTemplates(set));
  HC_TRY(CheckDescriptions(set));
  HC_TRY(CheckRange(set.threshold, "threshold", 0, 1));
  return CheckRange(set.reject_below, "reject_below", -1, 1);
}

Result<LabelSet> LabelSetFromJson(dom::element root) {
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "a label set must be a JSON object with 'labels'");
  LabelSet set;
  const auto labels = Find(object, "labels");
  if (!labels)
    return Fail(ErrorCode::kInvalidArgument, "Missing 'labels' field: send 1 to {} strings to choose from", kMaxLabels);
  HC_ASSIGN(set.labels, ReadStrings(*labels, "field 'labels'", kMaxLabels));
  if (const auto templates = Find(object, "templates")) {
    HC_ASSIGN(set.templates, ReadTemplates(*templates));
  }
  if (const auto descriptions = Find(object, "descriptions")) HC_TRY(ReadDescriptions(*descriptions, set));
  HC_ASSIGN(set.threshold, ReadNumber(object, "threshold"));
  HC_ASSIGN(set.reject_below, ReadNumber(object, "reject_below"));
  HC_TRY(CheckLabelSet(set));
  return set;
}

Result<LabelSet> ParseLabelSet(std::string& text) {
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  dom::parser parser;
  dom::element root;
  dom::object object;
  if (const auto error = parser.parse(text.data(), text.size(), /*realloc_if_needed=*/false).get(root);
      error != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "it is not JSON: {}", simdjson::error_message(error));
  if (root.get(object) == simdjson::SUCCESS) {
    std::vector<std::string_view> seen;
    for (const dom::key_value_pair field : object) {
      if (std::ranges::find(kFields, field.key) == kFields.end())
        return Fail(ErrorCode::kInvalidArgument, "unknown field '{}'", field.key.substr(0, 100));
      if (std::ranges::find(seen, field.key) != seen.end())
        return Fail(ErrorCode::kInvalidArgument, "field '{}' occurs twice", field.key);
      seen.push_back(field.key);
    }
  }
  return LabelSetFromJson(root);
}

std::string FormatLabelSet(const LabelSet& set) {
  JsonWriter json;
  const auto write = [&json](const std::vector<std::string>& texts) {
    json.BeginArray();
    for (const std::string& text : texts) json.String(text);
    json.EndArray();
  };
  json.BeginObject().Key("labels");
  write(set.labels);
  if (IsPhoto(set)) {
    json.Key("templates").String(kPhotoTemplates);
  } else if (!set.templates.empty()) {
    json.Key("templates");
    write(set.templates);
  }
  if (!set.descriptions.empty()) {
    json.Key("descriptions").BeginObject();
    for (const auto& [label, texts] : set.descriptions) {
      json.Key(label);
      write(texts);
    }
    json.EndObject();
  }
  if (set.threshold) json.Key("threshold").Number(*set.threshold);
  if (set.reject_below) json.Key("reject_below").Number(*set.reject_below);
  json.EndObject();
  return std::move(json).Take();
}

std::vector<std::string> TextsOf(const LabelSet& set, std::size_t label) {
  const std::string& text = set.labels[label];
  if (const auto described = set.descriptions.find(text); described != set.descriptions.end()) return described->second;
  if (set.templates.empty()) return {text};
  std::vector<std::string> texts;
  if (IsPhoto(set)) {
    for (const std::string_view photo : PhotoTemplates()) texts.push_back(FillTemplate(photo, text));
  } else {
    for (const std::string& one : set.templates) texts.push_back(FillTemplate(one, text));
  }
  return texts;
}

std::string TextsDigest(const LabelSet& set) {
  Sha256 hash;
  for (std::size_t i = 0; i < set.labels.size(); ++i) {
    const std::vector<std::string> texts = TextsOf(set, i);
    hash.Update(fmt::format("{}:", texts.size()));
    for (const std::string& text : texts) {
      hash.Update(fmt::format("{}:", text.size()));  // lengths, so that no two lists run together alike
      hash.Update(text);
    }
  }
  return hash.Hex();
}

}  // namespace hailo_clip
