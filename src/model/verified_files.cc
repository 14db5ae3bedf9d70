#include "model/verified_files.h"

#include <sys/stat.h>

#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"

namespace hailo_clip {
namespace {

constexpr std::string_view kMemoryFile = ".verified";
constexpr std::string_view kFirstLine = "hailo-clip verified files 1\n";
constexpr std::size_t kMaxMemoryBytes = std::size_t{1} << 20U;

// What changes when a file does.
struct FileState {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;

  friend bool operator==(const FileState&, const FileState&) = default;
};

struct Verified {
  std::string sha256;
  FileState state;

  friend bool operator==(const Verified&, const Verified&) = default;
};

using Memory = std::map<std::string, Verified>;  // by name relative to the model's folder

std::int64_t Nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

// nullopt for what is no regular file; links are followed, as the reader does.
std::optional<FileState> StateOf(const std::filesystem::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return FileState{.size = static_cast<std::uint64_t>(info.st_size),
                   .modified_ns = Nanoseconds(info.st_mtim),
                   .changed_ns = Nanoseconds(info.st_ctim),
                   .inode = info.st_ino,
                   .device = info.st_dev};
}

// What FilesOf names, with the hashes that the manifest records; nothing if one is missing.
Memory Present(const InstalledModel& model) {
  Memory present;
  for (const auto& [file, sha256] : FilesOf(model.manifest)) {
    const auto state = StateOf(model.folder / file);
    if (!state.has_value()) return {};
    present[file] = {.sha256 = sha256, .state = *state};
  }
  return present;
}

// One file a line; the name comes last because it may hold spaces (but no control characters, see ParseManifest).
std::string Format(const Memory& memory) {
  std::string text(kFirstLine);
  for (const auto& [file, verified] : memory)
    text += fmt::format("{} {} {} {} {} {} {}\n", verified.sha256, verified.state.size, verified.state.modified_ns,
                        verified.state.changed_ns, verified.state.inode, verified.state.device, file);
  return text;
}

std::uint64_t TotalBytes(const Memory& memory) {
  std::uint64_t bytes = 0;
  for (const auto& [file, verified] : memory) bytes += verified.state.size;
  return bytes;
}

bool Settled(const Memory& memory, std::chrono::nanoseconds settled) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  for (const auto& [file, verified] : memory)
    if (Nanoseconds(now) - verified.state.changed_ns < settled.count()) return false;
  return true;
}

}  // namespace

Status VerifyChangedFiles(const InstalledModel& model, const VerifyOptions& options) {
  const Memory before = Present(model);
  if (before.empty() || TotalBytes(before) < options.min_bytes) return VerifyFiles(model);
  const std::filesystem::path path = model.folder / kMemoryFile;
  // Compared as text: what is remembered counts only if it is, to the byte, what would be written now.
  if (const auto remembered = ReadFile(path, kMaxMemoryBytes); remembered.has_value() && *remembered == Format(before))
    return {};
  const bool settled = Settled(before, options.settled);
  HC_TRY(VerifyFiles(model));
  // Without the right to write, the next start hashes again.
  if (settled && Present(model) == before) static_cast<void>(WriteFileAtomically(path, Format(before)));
  return {};
}

}  // namespace hailo_clip
