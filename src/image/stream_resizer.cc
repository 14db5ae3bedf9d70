#include "image/stream_resizer.h"

#include <algorithm>

namespace hailo_clip {
namespace {

const AxisPlan& AlongPlan(const CropPlan& plan, bool swap_axes) { return swap_axes ? plan.vertical : plan.horizontal; }
const AxisPlan& AcrossPlan(const CropPlan& plan, bool swap_axes) { return swap_axes ? plan.horizontal : plan.vertical; }

CropPlan UprightPlan(const PreprocessSpec& spec, int width, int height, bool swap_axes, int eighths) {
  return swap_axes ? PlanCrop(spec, height, width, eighths) : PlanCrop(spec, width, height, eighths);
}

}  // namespace

StreamResizer::StreamResizer(const PreprocessSpec& spec, int width, int height, Orientation orientation,
                             const ResampleKernels& kernels, int eighths)
    : kernels_(kernels),
      swap_axes_(orientation.swap_axes),
      along_(AlongPlan(UprightPlan(spec, width, height, swap_axes_, eighths), swap_axes_), orientation.reverse_columns),
      across_(AcrossPlan(UprightPlan(spec, width, height, swap_axes_, eighths), swap_axes_), orientation.reverse_rows),
      waiting_(kRowsAtOnce, std::size_t{3} * ScaledLength(width, eighths)),
      kept_(across_.max_count() + kRowsAtOnce,
            std::size_t{3} * (swap_axes_ ? ScaledLength(width, eighths) : spec.crop_size)),
      narrow_(kRowsAtOnce, swap_axes_ ? std::size_t{3} * spec.crop_size : 0),
      row_pointers_(static_cast<std::size_t>(across_.max_count())) {
  crop_.width = spec.crop_size;
  crop_.height = spec.crop_size;
  crop_.pixels.resize(std::size_t{3} * crop_.width * crop_.height);
}

std::uint8_t* StreamResizer::RowBuffer() {
  return swap_axes_ ? kept_.Row(rows_given_) : waiting_.Row(rows_given_ - rows_kept_);
}

void StreamResizer::RowDone() {
  ++rows_given_;
  const bool last = begin_row() + rows_given_ == end_row();
  if (swap_axes_) {
    rows_kept_ = rows_given_;
  } else if (last || rows_given_ - rows_kept_ == kRowsAtOnce) {
    NarrowWaitingRows();
  }
  MakeFinishedLines();
}

void StreamResizer::NarrowWaitingRows() {
  const int count = rows_given_ - rows_kept_;
  RowPointers from{};
  OutputPointers to{};
  for (int r = 0; r < kRowsAtOnce; ++r) {
    const int row = std::min(r, count - 1);  // a short group repeats its last row
    from[r] = waiting_.Row(row);
    to[r] = kept_.Row(rows_kept_ + row);
  }
  kernels_.along_row(from, 0, along_, to);
  rows_kept_ = rows_given_;
}

// A line is a row of the crop, or if the axes are swapped a column of it.
void StreamResizer::MakeFinishedLines() {
  while (lines_made_ < across_.outputs()) {
    const int line = UprightLine(lines_made_);
    if (across_.first(line) + across_.count(line) > begin_row() + rows_kept_) return;
    if (swap_axes_) {
      const std::size_t begin = std::size_t{3} * along_.input_begin();
      WeighRows(line, begin, std::size_t{3} * along_.input_end() - begin, waiting_.Row(lines_made_ - lines_placed_));
    } else {
      const std::size_t line_bytes = std::size_t{3} * crop_.width;
      WeighRows(line, 0, line_bytes, crop_.pixels.data() + line * line_bytes);
    }
    ++lines_made_;
    const bool last = lines_made_ == across_.outputs();
    if (swap_axes_ && (last || lines_made_ - lines_placed_ == kRowsAtOnce)) PlaceWaitingLines();
  }
}

void StreamResizer::WeighRows(int line, std::size_t first_byte, std::size_t bytes, std::uint8_t* output) {
  const int count = across_.count(line);
  const int first = across_.first(line) - begin_row();
  for (int k = 0; k < count; ++k) row_pointers_[k] = kept_.Row(first + k) + first_byte;
  kernels_.across_rows(std::span(row_pointers_).first(static_cast<std::size_t>(count)), across_.weights(line), bytes,
                       output);
}

void StreamResizer::PlaceWaitingLines() {
  const int count = lines_made_ - lines_placed_;
  RowPointers from{};
  OutputPointers to{};
  for (int r = 0; r < kRowsAtOnce; ++r) {
    const int row = std::min(r, count - 1);
    from[r] = waiting_.Row(row);
    to[r] = narrow_.Row(row);
  }
  kernels_.along_row(from, along_.input_begin(), along_, to);
  for (int r = 0; r < count; ++r) {
    const std::uint8_t* pixel = to[r];
    std::uint8_t* target = crop_.pixels.data() + std::size_t{3} * UprightLine(lines_placed_ + r);
    for (int y = 0; y < crop_.height; ++y, pixel += 3, target += std::size_t{3} * crop_.width) {
      std::copy_n(pixel, 3, target);
    }
  }
  lines_placed_ = lines_made_;
}

}  // namespace hailo_clip
