#include "model/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

#include "base/file_descriptor.h"
#include "model/copy.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = std::size_t{1} << 18U;
constexpr std::size_t kMaxNameBytes = 1024;

using ReadHandle = std::unique_ptr<::archive, int (*)(::archive*)>;
using EntryHandle = std::unique_ptr<::archive_entry, void (*)(::archive_entry*)>;

std::string ErrorOf(::archive* handle) {
  const char* text = ::archive_error_string(handle);
  return text == nullptr ? "unknown error" : text;
}

Status WriteAll(const FileDescriptor& file, std::string_view bytes, const fs::path& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(ErrorCode::kUnavailable, "writing {} failed: {}", name.string(), SystemMessage(errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// A path inside the folder, or kBadModel. "./" in front is what `tar -C DIR .` writes.
Result<fs::path> SafePath(const char* name) {
  const std::string_view text = name == nullptr ? "" : name;
  const auto refuse = [&](std::string_view why) {
    return Fail(ErrorCode::kBadModel, "the archive has an entry '{}' that {}; nothing was imported",
                text.substr(0, 100), why);
  };
  if (text.empty() || text.size() > kMaxNameBytes) return refuse("has no usable name");
  if (text.front() == '/') return refuse("is an absolute path");
  fs::path path;
  for (const fs::path& part : fs::path(text)) {
    if (part == "..") return refuse("leaves the folder");
    if (part != "." && !part.empty()) path /= part;
  }
  return path;
}

class Unpacker {
 public:
  Unpacker(::archive* handle, const fs::path& folder, const UnpackLimits& limits, std::uintmax_t max_bytes)
      : handle_(handle), folder_(folder), limits_(limits), max_bytes_(max_bytes), block_(kBlockBytes, '\0') {}

  Status Run() {
    ::archive_entry* entry = nullptr;
    for (std::size_t entries = 0;; ++entries) {
      const int status = ::archive_read_next_header(handle_, &entry);
      if (status == ARCHIVE_EOF) return entries > 0 ? Status{} : Fail(ErrorCode::kUnsupported, "the archive is empty");
      if (status != ARCHIVE_OK) return Damaged();
      if (entries >= limits_.max_entries)
        return Fail(ErrorCode::kBadModel, "the archive has more than {} entries; that is no model",
                    limits_.max_entries);
      HC_TRY(UnpackEntry(entry));
    }
  }

 private:
  Status UnpackEntry(::archive_entry* entry) {
    HC_ASSIGN(const fs::path path, SafePath(::archive_entry_pathname(entry)));
    const auto type = ::archive_entry_filetype(entry);
    if (type == AE_IFDIR) return {};
    if (type != AE_IFREG || ::archive_entry_hardlink(entry) != nullptr)
      return Fail(ErrorCode::kBadModel, "the archive's entry '{}' is no regular file; nothing was imported",
                  path.string());
    const fs::path target = folder_ / path;
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    const FileDescriptor file(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (file.get() < 0 && (errno == EEXIST || errno == ENOTDIR))
      return Fail(ErrorCode::kBadModel, "the archive has '{}' twice; nothing was imported", path.string());
    if (file.get() < 0)
      return Fail(ErrorCode::kUnavailable, "cannot create {}: {}", target.string(), SystemMessage(errno));
    return CopyData(file, path);
  }

  Status CopyData(const FileDescriptor& file, const fs::path& path) {
    while (true) {
      const la_ssize_t count = ::archive_read_data(handle_, block_.data(), block_.size());
      if (count == 0) return {};
      if (count < 0) return Damaged();
      bytes_ += static_cast<std::uintmax_t>(count);
      if (bytes_ > max_bytes_)
        return Fail(ErrorCode::kBadModel, "the archive unpacks to more than {} MB; that is no model",
                    max_bytes_ / 1'000'000);
      HC_TRY(WriteAll(file, std::string_view(block_).substr(0, static_cast<std::size_t>(count)), path));
    }
  }

  [[nodiscard]] std::unexpected<Error> Damaged() const {
    return Fail(ErrorCode::kBadModel, "the archive cannot be read: {}; it may be cut off, copy it again",
                ErrorOf(handle_));
  }

  ::archive* handle_;
  const fs::path& folder_;
  const UnpackLimits limits_;
  const std::uintmax_t max_bytes_;
  std::uintmax_t bytes_ = 0;
  std::string block_;
};

// One file of the folder as an entry of the archive that is being written.
Status PackFile(::archive* handle, const fs::path& file, const std::string& name) {
  const FileDescriptor source(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (source.get() < 0) return Fail(ErrorCode::kNotFound, "cannot open {}: {}", file.string(), SystemMessage(errno));
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error) return Fail(ErrorCode::kNotFound, "cannot read {}: {}", file.string(), error.message());
  const EntryHandle entry(::archive_entry_new(), &::archive_entry_free);
  ::archive_entry_set_pathname(entry.get(), name.c_str());
  ::archive_entry_set_filetype(entry.get(), AE_IFREG);
  ::archive_entry_set_perm(entry.get(), 0644);
  ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  const auto failed = [&] {
    return Fail(ErrorCode::kUnavailable, "writing the archive failed at {}: {}", name, ErrorOf(handle));
  };
  if (::archive_write_header(handle, entry.get()) != ARCHIVE_OK) return failed();
  std::string block(kBlockBytes, '\0');
  for (std::uintmax_t left = size; left > 0;) {
    const ssize_t count = ::read(source.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Fail(ErrorCode::kUnavailable, "{} changed while it was read", file.string());
    if (::archive_write_data(handle, block.data(), static_cast<std::size_t>(count)) != count) return failed();
    left -= std::min(left, static_cast<std::uintmax_t>(count));
  }
  return {};
}

}  // namespace

Status PackFolder(const fs::path& folder, const std::vector<std::string>& files, const std::string& top,
                  const fs::path& archive) {
  std::error_code error;
  if (fs::exists(archive, error))
    return Fail(ErrorCode::kInvalidArgument, "{} is there already; choose another name or remove it", archive.string());
  fs::path part = archive;
  part += ".part";
  const FileDescriptor out(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (out.get() < 0) return Fail(ErrorCode::kUnavailable, "cannot create {}: {}", part.string(), SystemMessage(errno));
  const auto write = [&]() -> Status {
    const ReadHandle handle(::archive_write_new(), &::archive_write_free);
    ::archive_write_set_format_pax_restricted(handle.get());
    if (::archive_write_open_fd(handle.get(), out.get()) != ARCHIVE_OK)
      return Fail(ErrorCode::kUnavailable, "cannot write {}: {}", part.string(), ErrorOf(handle.get()));
    for (const std::string& file : files) HC_TRY(PackFile(handle.get(), folder / file, top + "/" + file));
    if (::archive_write_close(handle.get()) != ARCHIVE_OK || ::fsync(out.get()) != 0)
      return Fail(ErrorCode::kUnavailable, "cannot write {}: {}", part.string(), SystemMessage(errno));
    fs::rename(part, archive, error);
    if (error) return Fail(ErrorCode::kUnavailable, "cannot rename {}: {}", part.string(), error.message());
    return {};
  };
  const Status written = write();
  if (!written.has_value()) fs::remove(part, error);
  return written;
}

Status UnpackArchive(const fs::path& archive, const fs::path& folder, const UnpackLimits& limits) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(archive, error);
  if (error) return Fail(ErrorCode::kNotFound, "cannot open {}: {}", archive.string(), error.message());
  HC_TRY(CheckFreeSpace(folder, size));
  const ReadHandle handle(::archive_read_new(), &::archive_read_free);
  ::archive_read_support_format_tar(handle.get());
  ::archive_read_support_filter_gzip(handle.get());
  if (::archive_read_open_filename(handle.get(), archive.c_str(), kBlockBytes) != ARCHIVE_OK)
    return Fail(ErrorCode::kUnsupported, "{} cannot be read as a tar (plain or .gz): {}", archive.string(),
                ErrorOf(handle.get()));
  const std::uintmax_t max_bytes = size * limits.max_bytes_per_archive_byte + limits.spare_bytes;
  return Unpacker(handle.get(), folder, limits, max_bytes).Run();
}

}  // namespace hailo_clip
