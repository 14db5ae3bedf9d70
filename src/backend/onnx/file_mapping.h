// A file's bytes without a copy of them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace hailo_clip {

// Read-only, private. The bytes change if somebody writes into the file, and a file that is cut short ends the process
// (SIGBUS): for files that are replaced whole, as models are.
class FileMapping {
 public:
  // kNotFound if it cannot be opened, kBadModel if it is empty or no regular file, kOutOfMemory if it cannot be mapped.
  [[nodiscard]] static Result<FileMapping> Open(const std::filesystem::path& file);
  FileMapping(FileMapping&& other) noexcept : size_(other.size_), data_(std::exchange(other.data_, nullptr)) {}
  FileMapping& operator=(FileMapping&&) = delete;
  ~FileMapping();

  [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  FileMapping(void* data, std::size_t size) : size_(size), data_(data) {}

  std::size_t size_;
  void* data_;
};

}  // namespace hailo_clip
