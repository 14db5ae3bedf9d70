#include "http/api_key_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/file_descriptor.h"

namespace hailo_clip::http {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{512} << 10U;  // room for kMaxApiKeys and comments

// False if nothing has this name; a link to nothing is there, and cannot be read.
Result<bool> IsThere(const std::filesystem::path& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return Fail(ErrorCode::kInvalidArgument,
              "cannot see whether there are API keys in {}: {}; server.keys_file names the file", path.string(),
              SystemMessage(errno));
}

// Of the file that is replaced, or of the folder. Only root may give a file to any group.
Result<std::optional<::gid_t>> GroupFor(const std::filesystem::path& path, const FileDescriptor& folder) {
  if (::geteuid() != 0) return std::nullopt;
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 || ::fstat(folder.get(), &info) == 0) return info.st_gid;
  return Fail(ErrorCode::kInternal, "cannot look at the folder of {}: {}", path.string(), SystemMessage(errno));
}

}  // namespace

Result<ApiKeys> ReadApiKeys(const std::filesystem::path& path) {
  HC_ASSIGN(const bool there, IsThere(path));
  if (!there) return ApiKeys();
  const Result<std::string> text = ReadFile(path, kMaxFileBytes);
  if (!text)
    return Fail(ErrorCode::kInvalidArgument, "cannot read the API keys: {}; server.keys_file names the file",
                text.error().message);
  return ApiKeys::Parse(*text, path.string());
}

Status ChangeApiKeys(const std::filesystem::path& path, const std::function<Status(ApiKeys&)>& change) {
  const std::filesystem::path parent = path.parent_path();
  const FileDescriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0)
    return Fail(ErrorCode::kInvalidArgument, "cannot open the folder {}: {}; server.keys_file names the file of keys",
                parent.string(), SystemMessage(errno));
  while (::flock(folder.get(), LOCK_EX) != 0)  // until `folder` is closed
    if (errno != EINTR) return Fail(ErrorCode::kInternal, "cannot lock {}: {}", parent.string(), SystemMessage(errno));
  HC_ASSIGN(ApiKeys keys, ReadApiKeys(path));
  HC_TRY(change(keys));
  HC_ASSIGN(const std::optional<::gid_t> group, GroupFor(path, folder));
  const Status written = WriteFileAtomically(path, keys.Format(), {.mode = 0640, .group = group});
  if (!written) return Fail(ErrorCode::kInvalidArgument, "the API keys were not changed: {}", written.error().message);
  return {};
}

std::optional<ApiKeyWatch::Stamp> ApiKeyWatch::StampOf(const std::filesystem::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return Stamp(info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
               info.st_ctim.tv_nsec);
}

Result<ApiKeys> ApiKeyWatch::Read(const std::filesystem::path& path) {
  const std::optional<Stamp> stamp = StampOf(path);  // before reading: a change meanwhile is seen next time
  if (path == path_) stamp_ = stamp;
  HC_ASSIGN(const bool there, IsThere(path));
  if (!there && had_keys_)
    return Fail(ErrorCode::kInvalidArgument,
                "there is no file of API keys {} now; `hailo-clip keys revoke --last NAME` is the way to do without "
                "keys",
                path.string());
  HC_ASSIGN(ApiKeys keys, ReadApiKeys(path));
  path_ = path;
  stamp_ = stamp;
  had_keys_ = !keys.empty();
  return keys;
}

bool ApiKeyWatch::Changed() const { return StampOf(path_) != stamp_; }

}  // namespace hailo_clip::http
