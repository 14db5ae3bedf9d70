#include "image/resample_kernels_vector.h"

namespace hailo_clip {

const ResampleKernels* VectorKernels() { return nullptr; }

}  // namespace hailo_clip
