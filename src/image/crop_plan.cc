#include "image/crop_plan.h"

#include <algorithm>

namespace hailo_clip {
namespace {

std::int64_t CropStart(std::int64_t length, int crop, CropRounding rounding) {
  const std::int64_t rest = length - crop;
  const std::int64_t half = rest / 2;
  const bool lies_between = rest % 2 != 0;
  return rounding == CropRounding::kHalfToEven && lies_between && half % 2 != 0 ? half + 1 : half;
}

AxisPlan PlanAxis(const PreprocessSpec& spec, int length, int shorter, int eighths) {
  const int input = ScaledLength(length, eighths);
  const double extent = length * (eighths / 8.0);
  if (spec.resize_mode == ResizeMode::kSquash) {
    return {.input = input,
            .extent = extent,
            .output = spec.crop_size,
            .start = 0,
            .crop = spec.crop_size,
            .interpolation = spec.interpolation};
  }
  const double longer = static_cast<double>(std::int64_t{spec.resize_size} * length) / shorter;
  const std::int64_t output = length == shorter ? spec.resize_size : static_cast<std::int64_t>(longer);
  return {.input = input,
          .extent = extent,
          .output = output,
          .start = CropStart(output, spec.crop_size, spec.crop_rounding),
          .crop = spec.crop_size,
          .interpolation = spec.interpolation};
}

}  // namespace

CropPlan PlanCrop(const PreprocessSpec& spec, int width, int height, int eighths) {
  const int shorter = std::min(width, height);
  return {.horizontal = PlanAxis(spec, width, shorter, eighths), .vertical = PlanAxis(spec, height, shorter, eighths)};
}

}  // namespace hailo_clip
