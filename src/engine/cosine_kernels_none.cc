#include "engine/cosine_kernels.h"

namespace hailo_clip {

const CosineKernel* VectorCosineKernel() { return nullptr; }

}  // namespace hailo_clip
