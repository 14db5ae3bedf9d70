// The same work for many items, on several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace hailo_clip {

// Calls work(i) for i = 0, 1, ... count - 1, begun in this order, on at most `threads` threads: the caller's and others
// that end before this returns. When one call returns false or throws, no further one begins; an exception is thrown
// again here. Does with fewer threads if the system gives no more.
void ParallelFor(std::size_t count, std::size_t threads, const std::function<bool(std::size_t)>& work);

}  // namespace hailo_clip
