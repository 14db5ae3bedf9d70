// The file of API keys (server.keys_file): `hailo-clip keys` changes it, a running service follows it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <tuple>

#include "base/result.h"
#include "http/api_keys.h"

namespace hailo_clip::http {

// The keys in `path`; none if there is no such file. Whatever else keeps it from being read (no permission, a damaged
// line) is kInvalidArgument: a service must not be open to everybody because its keys cannot be read.
[[nodiscard]] Result<ApiKeys> ReadApiKeys(const std::filesystem::path& path);

// Reads, changes and writes the file, unless `change` fails. Processes that do so at the same time wait for each other;
// readers see the old or the new file. It has mode 0640; if root writes it, also the group of the file before or
// else of the folder, so that the service can read it. kInvalidArgument if the folder or file cannot be used.
[[nodiscard]] Status ChangeApiKeys(const std::filesystem::path& path, const std::function<Status(ApiKeys&)>& change);

// Tells when the file has to be read again. Not thread-safe.
class ApiKeyWatch {
 public:
  // Reads the keys from `path`, which is watched from then on. As ReadApiKeys, but a file that is gone is an error if
  // there were keys: then and after other errors, what was read before goes on to count. Each error comes once: Changed
  // is false until the file changes again.
  [[nodiscard]] Result<ApiKeys> Read(const std::filesystem::path& path);

  // Whether there is another file or content than at the last Read: one stat, nothing is opened. Times are compared for
  // equality only, so a wall clock that jumps changes nothing.
  [[nodiscard]] bool Changed() const;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  // Device, inode, size, and times of the last change of content and of state, in seconds and nanoseconds.
  using Stamp = std::tuple<::dev_t, ::ino_t, ::off_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
  [[nodiscard]] static std::optional<Stamp> StampOf(const std::filesystem::path& path);

  std::filesystem::path path_;
  std::optional<Stamp> stamp_;  // nullopt: it could not be looked at
  bool had_keys_ = false;
};

}  // namespace hailo_clip::http
