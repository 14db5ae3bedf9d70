// Memory for large arrays that are read from end to end.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

namespace hailo_clip {

// Asks the kernel for huge pages (2 MiB on amd64) where an allocation is large: the processor then looks up one address
// instead of 512, and its prefetcher does not stop every 4 KiB. Where the kernel has none to give, or gives them to
// nobody (/sys/kernel/mm/transparent_hugepage/enabled is "never"), it is ordinary memory, as small allocations are.
template <typename T>
struct HugePageAllocator {
  using value_type = T;
  static constexpr std::size_t kPage = std::size_t{2} << 20U;

  HugePageAllocator() = default;
  template <typename U>
  HugePageAllocator(const HugePageAllocator<U>&) {}  // NOLINT(google-explicit-constructor): what an allocator must have

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > (std::numeric_limits<std::size_t>::max() - kPage) / sizeof(T)) throw std::bad_alloc();
    const std::size_t bytes = count * sizeof(T);
    if (bytes < 2 * kPage) return static_cast<T*>(::operator new(bytes));
    const std::size_t whole = (bytes + kPage - 1) / kPage * kPage;
    void* const memory = ::operator new(whole, std::align_val_t{kPage});
    madvise(memory, whole, MADV_HUGEPAGE);  // advice: it may fail
    return static_cast<T*>(memory);
  }

  void deallocate(T* memory, std::size_t count) noexcept {
    if (count * sizeof(T) < 2 * kPage)
      ::operator delete(memory);
    else
      ::operator delete(memory, std::align_val_t{kPage});
  }

  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }
};

}  // namespace hailo_clip
