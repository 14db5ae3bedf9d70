#include "http/syn_filter.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>

namespace hailo_clip::http {

namespace {

// A socket filter of TCP sees the packet from the TCP header on (net/ipv4/tcp_ipv4.c, tcp_filter): byte 13 holds the
// flags (RFC 9293 section 3.1).
constexpr unsigned kFlagsOffset = 13;
constexpr unsigned kSyn = 0x02;

}  // namespace

bool DropNewConnections(int fd) {
  // Returning 0 drops the packet.
  std::array<sock_filter, 4> program{{
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, kFlagsOffset},
      {BPF_JMP | BPF_JSET | BPF_K, 0, 1, kSyn},
      {BPF_RET | BPF_K, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, 0xFFFFFFFF},
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0;
}

}  // namespace hailo_clip::http
