// X-Request-Id: the thread that ties a client's answer to the service's log.
#pragma once

#include <string>
#include <string_view>

namespace hailo_clip::http {

// `sent` if it is 1 to 128 printable ASCII characters, else a new id of 16 hex digits. Thread-safe.
[[nodiscard]] std::string ChooseRequestId(std::string_view sent);

}  // namespace hailo_clip::http
