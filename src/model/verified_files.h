// Spares a start the hashing of files that did not change since they were hashed.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/result.h"
#include "model/store.h"

namespace hailo_clip {

struct VerifyOptions {
  // A model of fewer bytes is always hashed: that takes less than a tenth of a second.
  std::uintmax_t min_bytes = std::uintmax_t{64} << 20U;
  // A file that changed less than this before it was hashed is not remembered: the clock of the file system ticks, and
  // another change within the same tick would not show.
  std::chrono::nanoseconds settled = std::chrono::seconds(2);
};

// VerifyFiles, but a file counts as verified without being read if the model's folder remembers its hash and its size,
// times of modification and of change, inode and device are what they were. What is remembered is the file `.verified`
// in that folder, written after a full verification; one that cannot be read or written, or does not parse to the last
// byte, means hashing. The time of change (ctime) moves with every write and cannot be set by a program, so what goes
// unseen is a disk that returns other bytes than were written, and somebody who may write to the folder and forges
// the memory - who could as well change the manifest. `hailo-clip models verify` always hashes. Thread-safe.
[[nodiscard]] Status VerifyChangedFiles(const InstalledModel& model, const VerifyOptions& options = {});

}  // namespace hailo_clip
