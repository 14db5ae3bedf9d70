// Structured logging to stderr: one line an event, JSON (for journald and collectors) or text (for people).
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace hailo_clip {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kJson, kText };

// The strings of the configuration: DEBUG, INFO, WARNING, ERROR; json, text. Case does not matter.
[[nodiscard]] Result<LogLevel> ParseLogLevel(std::string_view text);
[[nodiscard]] Result<LogFormat> ParseLogFormat(std::string_view text);
[[nodiscard]] std::string_view ToString(LogLevel level);

// A key with a value that outlives the call.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <typename Integer>
    requires std::is_integral_v<Integer>
  LogField(std::string_view k, Integer v) : key(k), value(static_cast<std::int64_t>(v)) {}
};

// Thread-safe. Never give it what a user sent (pictures, prompts).
class Logger {
 public:
  // Writes to stderr, or, where stderr is the journal's, to the journal with level and fields (base/journal.h).
  Logger(LogLevel level, LogFormat format);
  // Writes to `sink` instead of stderr (tests).
  Logger(LogLevel level, LogFormat format, spdlog::sink_ptr sink);

  void Debug(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void Info(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void Warning(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void Error(std::string_view message, std::initializer_list<LogField> fields = {}) const;

  void SetLevel(LogLevel level);
  [[nodiscard]] bool Enabled(LogLevel level) const;

 private:
  void Write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) const;

  LogFormat format_;
  bool to_journal_ = false;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace hailo_clip
