// A plain blocking socket for tests: sends bytes as they are, reads answers as they come.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "http/ascii.h"

namespace hailo_clip::http {

struct TestAnswer {
  int status = 0;  // 0: the connection closed before an answer
  std::string header;
  std::string body;

  // The value of a header field, empty if absent.
  [[nodiscard]] std::string Field(std::string_view name) const {
    const std::size_t at = LowerAscii(header).find("\r\n" + LowerAscii(name) + ":");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size() + 3;
    return std::string(Trim(std::string_view(header).substr(begin, header.find("\r\n", begin) - begin)));
  }
};

class TestClient {
 public:
  explicit TestClient(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  ~TestClient() { Close(); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  // False if the server does not take all of it.
  bool Send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // One answer with its Content-Length bytes of body (none after HEAD).
  TestAnswer Read(bool head_only = false) {
    TestAnswer answer;
    while (buffer_.find("\r\n\r\n") == std::string::npos)
      if (!Receive()) return answer;
    const std::size_t end = buffer_.find("\r\n\r\n");
    answer.header = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    answer.status = std::atoi(answer.header.c_str() + 9);
    const std::string length = answer.Field("Content-Length");
    const std::size_t size = head_only || length.empty() ? 0 : std::strtoul(length.c_str(), nullptr, 10);
    while (buffer_.size() < size)
      if (!Receive()) return {};
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
  }

  TestAnswer Ask(std::string_view request, bool head_only = false) {
    Send(request);
    return Read(head_only);
  }

  // The next chunk of a chunked body, "" for the last; an answer's header was read before.
  std::string ReadChunk() {
    while (buffer_.find("\r\n") == std::string::npos)
      if (!Receive()) return "(the connection ended)";
    const std::size_t line = buffer_.find("\r\n");
    const std::size_t size = std::strtoul(buffer_.c_str(), nullptr, 16);
    while (buffer_.size() < line + 2 + size + 2)
      if (!Receive()) return "(the connection ended)";
    std::string chunk = buffer_.substr(line + 2, size);
    buffer_.erase(0, line + 2 + size + 2);
    return chunk;
  }

  // All further chunks up to the last.
  std::string ReadChunks() {
    std::string all;
    for (std::string chunk = ReadChunk(); !chunk.empty(); chunk = ReadChunk()) {
      all += chunk;
      if (chunk.starts_with('(')) break;
    }
    return all;
  }

  std::string ReadToEnd() {
    while (Receive()) {
    }
    return std::exchange(buffer_, {});
  }

  // True if the server closes in an orderly way, false for a reset or more bytes.
  bool IsClosed() {
    char byte = 0;
    return buffer_.empty() && recv(fd_, &byte, 1, 0) == 0;
  }

  // Closes with a reset.
  void Reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    Close();
  }

 private:
  bool Receive() {
    std::string chunk(64 * 1024, '\0');
    const ssize_t count = recv(fd_, chunk.data(), chunk.size(), 0);
    if (count <= 0) return false;
    buffer_.append(chunk, 0, static_cast<std::size_t>(count));
    return true;
  }

  int fd_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace hailo_clip::http
