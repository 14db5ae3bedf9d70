// Turning new connections away before they exist, so that a stopping server resets nobody.
#pragma once

namespace hailo_clip::http {

// Makes the kernel drop connection attempts (SYN) at the listening socket `fd`. Handshakes that are complete stay in
// the backlog and can still be accepted; a client whose SYN was dropped tries again and, once the socket is closed,
// is refused instead of reset. False if the kernel does not let us; the caller carries on.
[[nodiscard]] bool DropNewConnections(int fd);

}  // namespace hailo_clip::http
