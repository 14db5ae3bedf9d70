#include "base/log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "base/journal.h"
#include "base/json_writer.h"

namespace hailo_clip {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string UpperCase(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return upper;
}

std::string UtcTimestamp() {
  const auto now = std::chrono::system_clock::now();
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     milliseconds);
}

std::string JsonLine(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  JsonWriter json;
  json.BeginObject();
  json.Key("time").String(UtcTimestamp());
  json.Key("level").String(ToString(level));
  json.Key("message").String(message);
  for (const LogField& field : fields) {
    json.Key(field.key);
    if (const auto* text = std::get_if<std::string_view>(&field.value)) json.String(*text);
    if (const auto* integer = std::get_if<std::int64_t>(&field.value)) json.Integer(*integer);
    if (const auto* real = std::get_if<double>(&field.value)) json.Number(*real);
    if (const auto* boolean = std::get_if<bool>(&field.value)) json.Bool(*boolean);
  }
  json.EndObject();
  return std::move(json).Take();
}

// A value with spaces, quotes or control characters is quoted as in JSON, so that a line stays a line.
std::string TextValue(std::string_view text) {
  const bool plain =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c != '"' && c != '=' && c != 127; });
  if (plain) return std::string(text);
  JsonWriter json;
  json.String(text);
  return std::move(json).Take();
}

std::string TextLine(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = fmt::format("{} {:<7} {}", UtcTimestamp(), ToString(level), message);
  for (const LogField& field : fields) {
    line += fmt::format(" {}=", field.key);
    if (const auto* text = std::get_if<std::string_view>(&field.value)) line += TextValue(*text);
    if (const auto* integer = std::get_if<std::int64_t>(&field.value)) line += fmt::format("{}", *integer);
    if (const auto* real = std::get_if<double>(&field.value)) line += fmt::format("{:.3f}", *real);
    if (const auto* boolean = std::get_if<bool>(&field.value)) line += *boolean ? "true" : "false";
  }
  return line;
}

}  // namespace

Result<LogLevel> ParseLogLevel(std::string_view text) {
  const std::string upper = UpperCase(text);
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError})
    if (upper == ToString(level)) return level;
  return Fail(ErrorCode::kInvalidArgument, "'{}' is not a log level; use DEBUG, INFO, WARNING or ERROR", text);
}

Result<LogFormat> ParseLogFormat(std::string_view text) {
  const std::string upper = UpperCase(text);
  if (upper == "JSON") return LogFormat::kJson;
  if (upper == "TEXT") return LogFormat::kText;
  return Fail(ErrorCode::kInvalidArgument, "'{}' is not a log format; use json or text", text);
}

std::string_view ToString(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "DEBUG";
    case LogLevel::kInfo: return "INFO";
    case LogLevel::kWarning: return "WARNING";
    case LogLevel::kError: return "ERROR";
  }
  return "INFO";
}

Logger::Logger(LogLevel level, LogFormat format)
    : Logger(level, format, std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
  to_journal_ = StderrIsJournal();
}

Logger::Logger(LogLevel level, LogFormat format, spdlog::sink_ptr sink)
    : format_(format), logger_(std::make_shared<spdlog::logger>("hailo-clip", std::move(sink))) {
  logger_->set_pattern("%v");
  logger_->flush_on(spdlog::level::debug);
  SetLevel(level);
}

void Logger::Debug(std::string_view message, std::initializer_list<LogField> fields) const {
  Write(LogLevel::kDebug, message, fields);
}
void Logger::Info(std::string_view message, std::initializer_list<LogField> fields) const {
  Write(LogLevel::kInfo, message, fields);
}
void Logger::Warning(std::string_view message, std::initializer_list<LogField> fields) const {
  Write(LogLevel::kWarning, message, fields);
}
void Logger::Error(std::string_view message, std::initializer_list<LogField> fields) const {
  Write(LogLevel::kError, message, fields);
}

void Logger::SetLevel(LogLevel level) { logger_->set_level(ToSpdlog(level)); }
bool Logger::Enabled(LogLevel level) const { return logger_->should_log(ToSpdlog(level)); }

void Logger::Write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) const {
  if (!Enabled(level)) return;
  const std::string line =
      format_ == LogFormat::kJson ? JsonLine(level, message, fields) : TextLine(level, message, fields);
  if (to_journal_ && SendToJournal(level, line, fields)) return;
  logger_->log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace hailo_clip
