// Where the encoder's crop lies in a picture: sizes only, no pixels.
#pragma once

#include <cstdint>

#include "image/preprocess.h"

namespace hailo_clip {

// One axis: the picture's `input` pixels are resized to `output`, of which [start, start + crop) is kept.
// `output` may be far larger than anything that is computed (a picture of 1 x 2000).
struct AxisPlan {
  int input = 0;
  double extent = 0;  // of those pixels; less than `input` if the last one reaches beyond the picture's edge
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
// With `eighths` < 8 the picture is decoded at that many eighths of its size: the outputs stay where they are, the
// inputs are fewer.
[[nodiscard]] CropPlan PlanCrop(const PreprocessSpec& spec, int width, int height, int eighths = 8);

// What a decoder makes of a side of `length` at that scale: rounded up, as libjpeg does.
[[nodiscard]] constexpr int ScaledLength(int length, int eighths) {
  return static_cast<int>((std::int64_t{length} * eighths + 7) / 8);
}

}  // namespace hailo_clip
