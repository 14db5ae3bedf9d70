#include <malloc.h>

#include "cli/command.h"

int main(int argc, char** argv) {
  // glibc raises this threshold when a large block is freed, and then keeps pictures and bodies of a burst on its
  // heaps: 140 MiB of the peak with 32 uploads of 12 megapixels at once (bench/memory.py).
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  return hailo_clip::RunCommandLine(argc, argv);
}
