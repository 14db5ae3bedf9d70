// Reads the JSON files that come with published models, naming what is wrong by file and key.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// One object of one file. A key that is left out, and null, have the value that the getter is given. A wrong type or a
// value out of range is kUnsupported and named: "config.json: vision_config.image_size must be ...". Refers into the
// JsonFile that it came from.
class JsonObject {
 public:
  // Without an object it has no members.
  JsonObject(std::optional<simdjson::dom::object> object, std::string where)
      : object_(object), where_(std::move(where)) {}

  [[nodiscard]] bool Has(std::string_view key) const { return Find(key).has_value(); }
  [[nodiscard]] bool HasObject(std::string_view key) const;
  [[nodiscard]] Result<int> Integer(std::string_view key, int otherwise, int least, int most) const;
  [[nodiscard]] Result<double> Real(std::string_view key, double otherwise, double least, double most) const;
  [[nodiscard]] Result<bool> Boolean(std::string_view key, bool otherwise) const;
  [[nodiscard]] Result<std::string> Text(std::string_view key) const;  // "" if left out
  // The member object, empty if left out.
  [[nodiscard]] Result<JsonObject> Member(std::string_view key) const;
  [[nodiscard]] Result<std::array<float, 3>> Triple(std::string_view key, double least, double most) const;
  // A list of two equal numbers, or one number: the side of a square.
  [[nodiscard]] Result<int> Side(std::string_view key, int otherwise, int least, int most) const;

  // Every member must be one of `known`, or be switched off: null, or false for a do_... key.
  [[nodiscard]] Status OnlyKeys(std::span<const std::string_view> known) const;
  // The text must be one of `known`, or be left out.
  [[nodiscard]] Status OneOf(std::string_view key, std::span<const std::string_view> known) const;
  [[nodiscard]] Status RequireTrue(std::string_view key) const;
  // JSON readers disagree about which of two equal keys counts: none is accepted.
  [[nodiscard]] Status CheckUnique() const;

  [[nodiscard]] std::unexpected<Error> Refuse(std::string_view key, std::string_view why) const;

 private:
  [[nodiscard]] std::optional<simdjson::dom::element> Find(std::string_view key) const;

  std::optional<simdjson::dom::object> object_;
  std::string where_;  // "preprocessor_config.json: size."
};

// A file whose content is one object.
class JsonFile {
 public:
  // kNotFound, kBadModel (damaged, over 1 MiB, a Git LFS pointer).
  [[nodiscard]] static Result<JsonFile> Read(const std::filesystem::path& folder, std::string_view name);

  [[nodiscard]] JsonObject root() const { return {root_, name_ + ": "}; }

 private:
  std::string name_;
  // Owns what root_ refers to, at one address for good.
  std::unique_ptr<simdjson::dom::parser> parser_ = std::make_unique<simdjson::dom::parser>();
  simdjson::dom::object root_;
};

}  // namespace hailo_clip
