// The kinds of values that configuration keys have: each reads text and writes the text that it reads back.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "config/config.h"

namespace hailo_clip {

// A value as it stands in a file, a variable or a flag. Only a file knows lists; elsewhere commas separate.
struct RawValue {
  std::string text;
  std::optional<std::vector<std::string>> list;
};

// Each kind has `Type`, Parse (kInvalidArgument with "must be ...", to go behind the key's name) and Format (YAML).

template <std::integral T>
struct WholeNumber {
  using Type = T;
  T least, most;

  [[nodiscard]] Result<T> Parse(const RawValue& raw) const {
    T number = 0;
    const char* end = raw.text.data() + raw.text.size();
    const auto [stop, error] = std::from_chars(raw.text.data(), end, number);
    if (error == std::errc() && stop == end && number >= least && number <= most) return number;
    return Fail(ErrorCode::kInvalidArgument, "must be a whole number from {} to {}, not '{}'", least, most, raw.text);
  }
  [[nodiscard]] std::string Format(T value) const { return fmt::format("{}", value); }
};

// A whole number of bytes, or one with K, M or G behind it (times 1024, 1024^2, 1024^3).
struct Bytes {
  using Type = std::size_t;
  std::size_t least, most;
  [[nodiscard]] Result<std::size_t> Parse(const RawValue& raw) const;
  [[nodiscard]] std::string Format(std::size_t value) const { return fmt::format("{}", value); }
};

struct RealNumber {
  using Type = double;
  double least, most;
  [[nodiscard]] Result<double> Parse(const RawValue& raw) const;
  [[nodiscard]] std::string Format(double value) const { return fmt::format("{}", value); }
};

// true or false, in YAML 1.1's spellings too (yes, on): the original's parser took those.
struct Boolean {
  using Type = bool;
  [[nodiscard]] Result<bool> Parse(const RawValue& raw) const;
  [[nodiscard]] std::string Format(bool value) const { return value ? "true" : "false"; }
};

// `auto`, or what Kind reads.
template <typename Kind>
struct OrAuto {
  using Type = std::optional<typename Kind::Type>;
  Kind kind;

  [[nodiscard]] Result<Type> Parse(const RawValue& raw) const {
    if (raw.text == "auto") return Type();
    Result<typename Kind::Type> value = kind.Parse(raw);
    if (value.has_value()) return Type(*value);
    return Fail(ErrorCode::kInvalidArgument, "{}; 'auto' is allowed too", value.error().message);
  }
  [[nodiscard]] std::string Format(const Type& value) const { return value ? kind.Format(*value) : "auto"; }
};

// Text of one line; `check` says what is wrong with it, or nothing.
struct Text {
  using Type = std::string;
  std::string (*check)(std::string_view);
  [[nodiscard]] Result<std::string> Parse(const RawValue& raw) const;
  [[nodiscard]] std::string Format(const std::string& value) const;
};

// One of a few words, in lower case.
template <typename Enum>
struct Choice {
  using Type = Enum;
  std::vector<std::pair<std::string_view, Enum>> words;

  [[nodiscard]] Result<Enum> Parse(const RawValue& raw) const {
    std::string known;
    for (const auto& [word, value] : words) {
      if (word == raw.text) return value;
      known += fmt::format("{}{}", known.empty() ? "" : " or ", word);
    }
    return Fail(ErrorCode::kInvalidArgument, "must be {}, not '{}'", known, raw.text);
  }
  [[nodiscard]] std::string Format(Enum value) const {
    for (const auto& [word, known] : words)
      if (known == value) return std::string(word);
    return {};
  }
};

struct LogLevelWord {
  using Type = LogLevel;
  [[nodiscard]] Result<LogLevel> Parse(const RawValue& raw) const { return ParseLogLevel(raw.text); }
  [[nodiscard]] std::string Format(LogLevel value) const { return std::string(ToString(value)); }
};

struct LogFormatWord {
  using Type = LogFormat;
  [[nodiscard]] Result<LogFormat> Parse(const RawValue& raw) const { return ParseLogFormat(raw.text); }
  [[nodiscard]] std::string Format(LogFormat value) const { return value == LogFormat::kJson ? "json" : "text"; }
};

// "https://host" or "http://host:8080": exactly what browsers send in an Origin header.
struct Origins {
  using Type = std::vector<std::string>;
  [[nodiscard]] Result<Type> Parse(const RawValue& raw) const;
  [[nodiscard]] std::string Format(const Type& value) const;
};

struct ModelNames {
  using Type = std::vector<std::string>;
  [[nodiscard]] Result<Type> Parse(const RawValue& raw) const;
  [[nodiscard]] std::string Format(const Type& value) const;
};

// Absolute, because a service has no working directory that a person would expect.
struct Folders {
  using Type = std::vector<std::filesystem::path>;
  [[nodiscard]] Result<Type> Parse(const RawValue& raw) const;
  [[nodiscard]] std::string Format(const Type& value) const;
};

// One, or "" for none.
struct Folder {
  using Type = std::filesystem::path;
  [[nodiscard]] Result<Type> Parse(const RawValue& raw) const;
  [[nodiscard]] std::string Format(const Type& value) const;
};

struct File {
  using Type = std::filesystem::path;
  [[nodiscard]] Result<Type> Parse(const RawValue& raw) const;
  [[nodiscard]] std::string Format(const Type& value) const;
};

// Checks for Text; each returns what is wrong, "" if nothing is.
[[nodiscard]] std::string CheckHost(std::string_view text);
[[nodiscard]] std::string CheckModel(std::string_view text);      // auto, or a model's name
[[nodiscard]] std::string CheckBackend(std::string_view text);    // a word; which exist only the registry knows
[[nodiscard]] std::string CheckMemoryMax(std::string_view text);  // systemd.resource-control(5), MemoryMax=
[[nodiscard]] std::string CheckCpuQuota(std::string_view text);   // the same page, CPUQuota=

}  // namespace hailo_clip
