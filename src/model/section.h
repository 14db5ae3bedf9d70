// Reads the members of one mapping of a manifest into typed places, strictly.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"

namespace hailo_clip {

// What is wrong in a document: the first thing that is there and wrong, or else the first thing that is missing. In
// this order, because a misspelt key is both, and its own line says more.
struct Problem {
  std::string source;                // in front of each message: "manifest.yaml"
  std::optional<std::string> wrong;  // "manifest.yaml:12: image.mean must be ..."
  std::optional<std::string> missing;

  void Report(int line, std::string_view message);
  void ReportMissing(int line, std::string_view message);
  [[nodiscard]] const std::optional<std::string>& first() const { return wrong.has_value() ? wrong : missing; }
};

enum class Need { kRequired, kOptional };

// One word of the file for each value of an enum.
template <typename Enum>
struct EnumWord {
  std::string_view word;
  Enum value;
};

// Every getter leaves its target as it is and reports a problem when the member is missing (and required), of the
// wrong type or out of range. Call Finish once all members have been asked for.
class Section {
 public:
  // `node` may be nullptr: a section that is missing has no members, and its lack has been reported already.
  Section(const YamlNode* node, std::string path, Problem& problem);

  void Text(std::string_view key, std::string& target, Need need = Need::kRequired);
  void Integer(std::string_view key, int& target, int least, int most, Need need = Need::kRequired);
  void Real(std::string_view key, float& target, float least, float most, Need need = Need::kRequired);
  void Reals(std::string_view key, std::span<float> target, float least, float most);  // exactly as many
  [[nodiscard]] Section Sub(std::string_view key, Need need = Need::kRequired);
  [[nodiscard]] std::vector<Section> Items(std::string_view key);  // a list of sections; may be missing

  template <typename Enum, std::size_t size>
  void Choice(std::string_view key, Enum& target, const std::array<EnumWord<Enum>, size>& words) {
    std::string text;
    Text(key, text);
    std::vector<std::string_view> known;
    for (const EnumWord<Enum>& word : words) {
      if (word.word == text) target = word.value;
      known.push_back(word.word);
    }
    if (!text.empty()) CheckChoice(key, text, known);
  }

  // The members whose names are the author's own (files, backends): the caller marks them as known by reading them.
  [[nodiscard]] std::vector<std::string> Keys() const;

  // Reports the first member that nobody asked for, with the nearest one that somebody did.
  void Finish();

  [[nodiscard]] bool Has(std::string_view key) const;
  [[nodiscard]] bool present() const { return node_ != nullptr; }
  // "image.mean must be ..." at the member's line; without such a member at the section's, as something missing.
  void ReportAt(std::string_view key, std::string_view message) const;

 private:
  [[nodiscard]] const YamlNode* Take(std::string_view key, Need need);
  [[nodiscard]] const YamlNode* TakeScalar(std::string_view key, Need need);
  void CheckChoice(std::string_view key, std::string_view text, std::span<const std::string_view> known) const;
  [[nodiscard]] std::string PathOf(std::string_view key) const;
  [[nodiscard]] bool ParseReal(std::string_view key, std::string_view text, float least, float most,
                               float& target) const;

  const YamlNode* node_;
  std::string path_;
  Problem& problem_;
  std::vector<std::string_view> asked_;  // into string literals or keys of the tree, both of which outlive this
};

}  // namespace hailo_clip
