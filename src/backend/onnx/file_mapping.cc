#include "backend/onnx/file_mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/file_descriptor.h"

namespace hailo_clip {

Result<FileMapping> FileMapping::Open(const std::filesystem::path& file) {
  const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (opened.get() < 0 || ::fstat(opened.get(), &info) != 0)
    return Fail(ErrorCode::kNotFound, "cannot open {}: {}", file.string(), SystemMessage(errno));
  if (!S_ISREG(info.st_mode) || info.st_size == 0)
    return Fail(ErrorCode::kBadModel, "{} is no ONNX graph", file.string());
  const auto size = static_cast<std::size_t>(info.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, opened.get(), 0);
  if (data == MAP_FAILED)
    return Fail(ErrorCode::kOutOfMemory, "cannot map {}: {}", file.string(), SystemMessage(errno));
  return FileMapping(data, size);
}

FileMapping::~FileMapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace hailo_clip
