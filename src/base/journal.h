// systemd's journal as a sink for log lines with fields.
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/log.h"

namespace hailo_clip {

// True if stderr is the journal's: then a line may go there with its fields instead.
[[nodiscard]] bool StderrIsJournal();

// One entry: `line` as the message, the level as its priority (journalctl -p), every field as HAILO_CLIP_ and its key
// in capitals. False if the journal does not take it. Thread-safe.
[[nodiscard]] bool SendToJournal(LogLevel level, std::string_view line, std::initializer_list<LogField> fields);

}  // namespace hailo_clip
