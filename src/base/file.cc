#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file_descriptor.h"

namespace hailo_clip {
Result<std::string> ReadFile(const std::filesystem::path& path, std::size_t max_bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return Fail(ErrorCode::kNotFound, "cannot open {}: {}", path.string(), SystemMessage(errno));
  struct stat info{};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return Fail(ErrorCode::kNotFound, "{} is not a regular file", path.string());
  if (static_cast<std::size_t>(info.st_size) > max_bytes)
    return Fail(ErrorCode::kTooLarge, "{} has {} bytes, more than the limit of {}", path.string(), info.st_size,
                max_bytes);
  std::string content(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = ::read(file.get(), content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(ErrorCode::kInternal, "reading {} failed: {}", path.string(), SystemMessage(errno));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  content.resize(done);
  return content;
}

Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content, FileAccess access) {
  return WriteFileAtomically(path, std::span(&content, 1), access);
}

Status WriteFileAtomically(const std::filesystem::path& path, std::span<const std::string_view> parts,
                           FileAccess access) {
  std::string temporary = path.string() + ".XXXXXX";
  const FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return Fail(ErrorCode::kInternal, "cannot create {}: {}", temporary, SystemMessage(errno));
  const auto fail = [&](std::string_view what) -> Status {
    const int error = errno;
    ::unlink(temporary.c_str());
    return Fail(ErrorCode::kInternal, "{} {} failed: {}", what, temporary, SystemMessage(error));
  };
  for (std::string_view part : parts) {
    while (!part.empty()) {
      const ssize_t count = ::write(file.get(), part.data(), part.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail("writing");
      part.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  if (access.group && ::fchown(file.get(), static_cast<::uid_t>(-1), *access.group) != 0)
    return fail("setting the group of");
  if (::fchmod(file.get(), access.mode) != 0) return fail("setting the mode of");
  if (::fsync(file.get()) != 0) return fail("syncing");
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail("renaming");
  const FileDescriptor folder(
      ::open(path.has_parent_path() ? path.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
  return {};
}

}  // namespace hailo_clip
