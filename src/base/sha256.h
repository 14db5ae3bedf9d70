// SHA-256 through OpenSSL.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// Not thread-safe. Update as often as needed, then Hex once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(std::string_view bytes);
  [[nodiscard]] std::string Hex();  // 64 lower-case digits

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

[[nodiscard]] std::string Sha256Hex(std::string_view bytes);

// Whether two digests are equal, in a time that depends on their lengths only.
[[nodiscard]] bool EqualDigests(std::string_view a, std::string_view b);

// Reads the file in pieces; kNotFound if it cannot be opened.
[[nodiscard]] Result<std::string> Sha256HexOfFile(const std::filesystem::path& path);

}  // namespace hailo_clip
