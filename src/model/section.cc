#include "model/section.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include "base/edit_distance.h"

namespace hailo_clip {
namespace {

template <typename Number>
bool ParseNumber(std::string_view text, Number& number) {
  const char* const begin = std::to_address(text.begin());
  const char* const end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  return error == std::errc() && stop == end && !text.empty();
}

}  // namespace

void Problem::Report(int line, std::string_view message) {
  if (!wrong.has_value()) wrong = fmt::format("{}:{}: {}", source, line, message);
}

void Problem::ReportMissing(int line, std::string_view message) {
  if (!missing.has_value()) missing = fmt::format("{}:{}: {}", source, line, message);
}

Section::Section(const YamlNode* node, std::string path, Problem& problem)
    : node_(node), path_(std::move(path)), problem_(problem) {
  if (node_ == nullptr || node_->kind == YamlNode::Kind::kMapping) return;
  problem_.Report(node_->line, fmt::format("{} must be a section of keys",
                                           path_.empty() ? "the manifest" : std::string_view(path_)));
  node_ = nullptr;
}

void Section::Text(std::string_view key, std::string& target, Need need) {
  const YamlNode* value = TakeScalar(key, need);
  if (value == nullptr) return;
  if (value->text.empty() && need == Need::kRequired) return ReportAt(key, "must not be empty");
  target = value->text;
}

void Section::Integer(std::string_view key, int& target, int least, int most, Need need) {
  const YamlNode* value = TakeScalar(key, need);
  if (value == nullptr) return;
  int number = 0;
  if (!ParseNumber(value->text, number) || number < least || number > most)
    return ReportAt(key, fmt::format("must be a whole number from {} to {}", least, most));
  target = number;
}

void Section::Real(std::string_view key, float& target, float least, float most, Need need) {
  const YamlNode* value = TakeScalar(key, need);
  if (value == nullptr) return;
  float number = 0;
  if (ParseReal(key, value->text, least, most, number)) target = number;
}

void Section::Reals(std::string_view key, std::span<float> target, float least, float most) {
  const YamlNode* value = Take(key, Need::kRequired);
  if (value == nullptr) return;
  if (value->kind != YamlNode::Kind::kSequence || value->children.size() != target.size())
    return ReportAt(key, fmt::format("must be a list of {} numbers", target.size()));
  for (std::size_t i = 0; i < target.size(); ++i) {
    // A list or section in place of a number has no text, which is no number either.
    if (!ParseReal(key, value->children[i].text, least, most, target[i])) return;
  }
}

Section Section::Sub(std::string_view key, Need need) { return {Take(key, need), PathOf(key), problem_}; }

std::vector<Section> Section::Items(std::string_view key) {
  std::vector<Section> items;
  const YamlNode* value = Take(key, Need::kOptional);
  if (value == nullptr) return items;
  if (value->kind != YamlNode::Kind::kSequence) {
    ReportAt(key, "must be a list");
    return items;
  }
  for (const YamlNode& child : value->children)
    items.emplace_back(&child, fmt::format("{}[{}]", PathOf(key), items.size()), problem_);
  return items;
}

std::vector<std::string> Section::Keys() const {
  std::vector<std::string> keys;
  if (node_ == nullptr) return keys;
  for (const YamlNode& child : node_->children) keys.push_back(child.key);
  return keys;
}

void Section::Finish() {
  if (node_ == nullptr) return;
  for (const YamlNode& child : node_->children) {
    if (std::ranges::find(asked_, child.key) != asked_.end()) continue;
    const auto nearest = NearestWord(child.key, asked_);
    return problem_.Report(child.line,
                           fmt::format("unknown key '{}'{}", PathOf(child.key),
                                       nearest ? fmt::format("; did you mean '{}'?", PathOf(*nearest)) : ""));
  }
}

bool Section::Has(std::string_view key) const { return node_ != nullptr && node_->Find(key) != nullptr; }

void Section::ReportAt(std::string_view key, std::string_view message) const {
  if (node_ == nullptr) return;
  const std::string text = fmt::format("{} {}", PathOf(key), message);
  const YamlNode* member = node_->Find(key);
  if (member != nullptr)
    problem_.Report(member->line, text);
  else
    problem_.ReportMissing(node_->line, text);
}

const YamlNode* Section::Take(std::string_view key, Need need) {
  if (node_ == nullptr) return nullptr;
  const YamlNode* member = node_->Find(key);
  asked_.push_back(member != nullptr ? std::string_view(member->key) : key);
  if (member == nullptr && need == Need::kRequired) ReportAt(key, "is missing");
  if (member != nullptr && member->kind == YamlNode::Kind::kNull) {
    ReportAt(key, "has no value");
    return nullptr;
  }
  return member;
}

const YamlNode* Section::TakeScalar(std::string_view key, Need need) {
  const YamlNode* member = Take(key, need);
  if (member == nullptr || member->kind == YamlNode::Kind::kScalar) return member;
  ReportAt(key, "must be a single value");
  return nullptr;
}

void Section::CheckChoice(std::string_view key, std::string_view text, std::span<const std::string_view> known) const {
  if (std::ranges::find(known, text) != known.end()) return;
  ReportAt(key, fmt::format("must be one of: {}", fmt::join(known, ", ")));
}

std::string Section::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

bool Section::ParseReal(std::string_view key, std::string_view text, float least, float most, float& target) const {
  float number = 0;
  if (ParseNumber(text, number) && std::isfinite(number) && number >= least && number <= most) {
    target = number;
    return true;
  }
  ReportAt(key, fmt::format("must be numbers from {} to {}", least, most));
  return false;
}

}  // namespace hailo_clip
