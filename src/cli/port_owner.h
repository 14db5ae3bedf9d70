// Who listens on a port.
#pragma once

#include <optional>
#include <string>

namespace hailo_clip {

// "hailo-ollama (pid 812)" for a process that listens on the TCP port, or "another user's process" if its name may not
// be read; nullopt if nobody listens. From /proc.
[[nodiscard]] std::optional<std::string> FindPortOwner(int port);

}  // namespace hailo_clip
