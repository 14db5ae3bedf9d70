// Where the encoder's crop lies in a picture: sizes only, no pixels.
#pragma once

#include <cstdint>

#include "image/preprocess.h"

namespace hailo_clip {

// One axis: the picture's `input` pixels are resized to `output`, of which [start, start + crop) is kept.
// `output` may be far larger than anything that is computed (a picture of 1 x 2000).
struct AxisPlan {
  int input = 0;
  std::int64_t output = 0;
  std::int64_t start = 0;
  int crop = 0;
  Interpolation interpolation = Interpolation::kBicubic;
};

struct CropPlan {
  AxisPlan horizontal;
  AxisPlan vertical;
};

// `width`, `height` >= 1, of the upright picture. Size rule of torchvision's Resize and transformers'
// shortest_edge: the longer side is int(N * longer / shorter), cut, in double.
[[nodiscard]] CropPlan PlanCrop(const PreprocessSpec& spec, int width, int height);

}  // namespace hailo_clip
