#include "model/copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "base/file_descriptor.h"
#include "base/sha256.h"
#include "model/published.h"
#include "model/store.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStagingPrefix = ".import-";
constexpr std::chrono::hours kStaleAfter{24};
constexpr std::size_t kCopyBytes = std::size_t{1} << 20U;
constexpr std::uintmax_t kSpareBytes = std::uintmax_t{16} << 20U;

Status SyncFolder(const fs::path& folder) {
  const FileDescriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.get() < 0 || ::fsync(file.get()) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot sync {}: {}", folder.string(), SystemMessage(errno));
  return {};
}

// The file names come from mkdtemp, so nobody else's folder begins like this.
void RemoveStale(const fs::path& target) {
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  std::vector<fs::path> stale;
  for (fs::directory_iterator it(target, error), end; !error && it != end; it.increment(error)) {
    if (!it->path().filename().string().starts_with(kStagingPrefix)) continue;
    std::error_code unreadable;
    const auto time = it->last_write_time(unreadable);
    if (!unreadable && now - time > kStaleAfter) stale.push_back(it->path());
  }
  for (const fs::path& folder : stale) fs::remove_all(folder, error);
}

// Reads `from` to its end into `to`, both open; returns the sha256.
Result<std::string> CopyBytes(const FileDescriptor& from, const FileDescriptor& to, const std::string& name) {
  Sha256 hash;
  std::string buffer(kCopyBytes, '\0');
  bool first = true;
  while (true) {
    const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(ErrorCode::kUnavailable, "reading {} failed: {}", name, SystemMessage(errno));
    if (count == 0) return hash.Hex();
    std::string_view piece(buffer.data(), static_cast<std::size_t>(count));
    if (std::exchange(first, false) && IsLfsPointer(piece))
      return Fail(ErrorCode::kBadModel, "{} is a Git LFS pointer, not the file; run `git lfs pull` there", name);
    hash.Update(piece);
    while (!piece.empty()) {
      const ssize_t written = ::write(to.get(), piece.data(), piece.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0)
        return Fail(ErrorCode::kUnavailable, "writing a copy of {} failed: {}", name, SystemMessage(errno));
      piece.remove_prefix(static_cast<std::size_t>(written));
    }
  }
}

}  // namespace

Result<StagingFolder> StagingFolder::Create(const fs::path& target) {
  std::error_code error;
  fs::create_directories(target, error);
  if (error) return Fail(ErrorCode::kUnavailable, "cannot make the folder {}: {}", target.string(), error.message());
  RemoveStale(target);
  std::string path = (target / fmt::format("{}XXXXXX", kStagingPrefix)).string();
  if (::mkdtemp(path.data()) == nullptr)
    return Fail(ErrorCode::kUnavailable, "cannot write to the folder {}: {}", target.string(), SystemMessage(errno));
  return StagingFolder(path);
}

StagingFolder::~StagingFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Status StagingFolder::PublishAs(const fs::path& folder, bool replace) {
  // mkdtemp's folder is for its owner alone, but the service runs as another user.
  if (::chmod(path_.c_str(), 0755) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot set the mode of {}: {}", path_.string(), SystemMessage(errno));
  HC_TRY(SyncFolder(path_));
  if (replace && fs::exists(folder)) {
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) != 0)
      return Fail(ErrorCode::kUnavailable, "cannot replace {}: {}; remove it first", folder.string(),
                  SystemMessage(errno));
    // path_ is now the old model, which the destructor removes.
  } else {
    if (::rename(path_.c_str(), folder.c_str()) != 0)
      return Fail(ErrorCode::kUnavailable, "cannot rename {} to {}: {}", path_.string(), folder.string(),
                  SystemMessage(errno));
    path_.clear();
  }
  return SyncFolder(folder.parent_path());
}

Error WithPath(Error error, const fs::path& staged, const fs::path& known) {
  const std::string from = known.empty() ? staged.string() + "/" : staged.string();
  const std::string to = known.string();
  for (std::size_t at = error.message.find(from); at != std::string::npos;
       at = error.message.find(from, at + to.size()))
    error.message.replace(at, from.size(), to);
  return error;
}

Status CheckNameIsFree(const fs::path& target, const std::string& name, bool replace) {
  if (const Status valid = ValidateModelName(name); !valid.has_value())
    return Fail(ErrorCode::kInvalidArgument, "the name '{}' cannot be used: {}; choose one with --name", name,
                valid.error().message);
  for (const std::string_view reserved : {kStarterModel, std::string_view("auto")})
    if (EqualModelNames(name, reserved))
      return Fail(ErrorCode::kInvalidArgument, "the name '{}' is reserved; choose another with --name", name);
  std::error_code error;
  for (fs::directory_iterator it(target, error), end; !error && it != end; it.increment(error)) {
    const std::string existing = it->path().filename().string();
    if (!EqualModelNames(existing, name) || (replace && existing == name)) continue;
    return Fail(ErrorCode::kInvalidArgument, "{} is there already; remove it or choose another name with --name",
                it->path().string());
  }
  return {};
}

Result<std::string> CopyFile(const fs::path& from, const fs::path& to) {
  // Non-blocking, so that a pipe in place of a file cannot hang the import.
  const FileDescriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (source.get() < 0) return Fail(ErrorCode::kNotFound, "cannot open {}: {}", from.string(), SystemMessage(errno));
  struct stat info{};
  if (::fstat(source.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return Fail(ErrorCode::kNotFound, "{} is not a regular file", from.string());
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  const FileDescriptor copy(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (error || copy.get() < 0)
    return Fail(ErrorCode::kUnavailable, "cannot create {}: {}", to.string(), SystemMessage(errno));
  HC_ASSIGN(std::string sha256, CopyBytes(source, copy, from.string()));
  if (::fchmod(copy.get(), 0644) != 0 || ::fsync(copy.get()) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot write {} to the disk: {}", to.string(), SystemMessage(errno));
  if (::chmod(to.parent_path().c_str(), 0755) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot set the mode of {}: {}", to.parent_path().string(),
                SystemMessage(errno));
  HC_TRY(SyncFolder(to.parent_path()));
  return sha256;
}

Result<std::map<std::string, std::string>> CopyModelFiles(const Manifest& manifest, const fs::path& from,
                                                          const fs::path& to) {
  std::map<std::string, std::string> sha256 = FilesOf(manifest);
  std::uintmax_t bytes = 0;
  for (const auto& [file, hash] : sha256) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(from / file, error);
    if (!error) bytes += size;
  }
  HC_TRY(CheckFreeSpace(to, bytes));
  for (auto& [file, hash] : sha256) {
    HC_ASSIGN(hash, CopyFile(from / file, to / file));
  }
  return sha256;
}

Status CheckFreeSpace(const fs::path& folder, std::uintmax_t bytes) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error || space.available >= bytes + kSpareBytes) return {};
  constexpr std::uintmax_t megabyte = 1'000'000;
  return Fail(ErrorCode::kUnavailable, "the disk of {} has {} MB left, the model needs {} MB", folder.string(),
              space.available / megabyte, (bytes + kSpareBytes) / megabyte + 1);
}

}  // namespace hailo_clip
