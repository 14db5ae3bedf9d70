#include "base/journal.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

// Where a line was logged is always log.cc: not worth a field.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace hailo_clip {
namespace {

int PriorityOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return LOG_DEBUG;
    case LogLevel::kInfo: return LOG_INFO;
    case LogLevel::kWarning: return LOG_WARNING;
    case LogLevel::kError: return LOG_ERR;
  }
  return LOG_INFO;
}

// Field names of the journal are capitals, digits and underscores; another one would make it refuse the whole entry.
std::string NameOf(std::string_view key) {
  std::string name = "HAILO_CLIP_";
  for (const char c : key) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool fits = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += lower ? static_cast<char>(c - ('a' - 'A')) : fits ? c : '_';
  }
  return name;
}

std::string TextOf(const LogField& field) {
  return std::visit([](const auto& value) { return fmt::format("{}", value); }, field.value);
}

}  // namespace

bool StderrIsJournal() {
  const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): before any thread
  struct stat info{};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return false;
  return fmt::format("{}:{}", info.st_dev, info.st_ino) == stream;
}

bool SendToJournal(LogLevel level, std::string_view line, std::initializer_list<LogField> fields) {
  std::vector<std::string> entries{fmt::format("MESSAGE={}", line), fmt::format("PRIORITY={}", PriorityOf(level)),
                                   "SYSLOG_IDENTIFIER=hailo-clip"};
  for (const LogField& field : fields) entries.push_back(fmt::format("{}={}", NameOf(field.key), TextOf(field)));
  std::vector<iovec> parts;
  parts.reserve(entries.size());
  for (std::string& entry : entries) parts.push_back({.iov_base = entry.data(), .iov_len = entry.size()});
  return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

}  // namespace hailo_clip
