// What resample_kernels_avx2.cc or resample_kernels_neon.cc offers; CMake compiles the one for the processor.
#pragma once

#include "image/resample_kernels.h"

namespace hailo_clip {

// nullptr if this processor lacks the instructions.
[[nodiscard]] const ResampleKernels* VectorKernels();

}  // namespace hailo_clip
