// Makes the encoder's crop from rows that arrive one after the other, without ever holding the picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/crop_plan.h"
#include "image/orientation.h"
#include "image/preprocess.h"
#include "image/resample_axis.h"
#include "image/resample_kernels.h"
#include "image/rgb_image.h"

namespace hailo_clip {

// Pillow resizes along the rows first, rounds to 8 bits, then across them. Upright pictures are done just so:
// each row is narrowed at once and only as many narrow rows are kept as one output row needs. In a picture that
// must have its axes swapped, the upright rows are the stored columns: there the first pass runs across the
// stored rows and the second along them, which gives the same bits as turning the picture first. Reversed
// columns or rows are the same weights read backwards.
//
// Memory: 12 * width * height / S bytes if the axes are swapped, else about 12 * (width + height) of them.
// Not thread-safe.
class StreamResizer {
 public:
  // `width`, `height` of the picture as stored, >= 1. Its rows are given at `eighths` eighths of that size, rounded up.
  // `kernels` outlive it.
  StreamResizer(const PreprocessSpec& spec, int width, int height, Orientation orientation,
                const ResampleKernels& kernels = BestKernels(), int eighths = 8);

  // Only the stored rows of [begin_row, end_row) have an effect; they are to be given in order, all of them.
  [[nodiscard]] int begin_row() const { return across_.input_begin(); }
  [[nodiscard]] int end_row() const { return across_.input_end(); }

  // Where to write the next row: [width at that scale, 3] u8. Valid until RowDone.
  [[nodiscard]] std::uint8_t* RowBuffer();
  void RowDone();

  // [S, S, 3]; complete after RowDone of the last row.
  [[nodiscard]] RgbImage Take() && { return std::move(crop_); }

 private:
  // A fixed set of rows of equal length with slack behind each.
  class RowStore {
   public:
    RowStore(int rows, std::size_t row_bytes)
        : rows_(static_cast<std::size_t>(rows)), stride_(row_bytes + kRowSlack), bytes_(rows_ * stride_) {}
    [[nodiscard]] std::uint8_t* Row(int number) { return bytes_.data() + number % rows_ * stride_; }

   private:
    std::size_t rows_;
    std::size_t stride_;
    std::vector<std::uint8_t> bytes_;
  };

  void NarrowWaitingRows();
  void MakeFinishedLines();
  void WeighRows(int line, std::size_t first_byte, std::size_t bytes, std::uint8_t* output);
  void PlaceWaitingLines();
  void ResampleAlong(RowStore& from, int first, int count, int origin, RowStore& to);
  [[nodiscard]] int UprightLine(int number) const { return across_.reversed() ? crop_.width - 1 - number : number; }

  const ResampleKernels& kernels_;
  bool swap_axes_;
  ResampleAxis along_;   // over stored columns
  ResampleAxis across_;  // over stored rows
  RowStore waiting_;     // not swapped: stored rows not yet narrowed; swapped: lines not yet placed
  RowStore kept_;        // what across_ weighs. Not swapped: narrow rows; swapped: stored rows
  RowStore narrow_;      // swapped: lines that are narrowed
  std::vector<const std::uint8_t*> row_pointers_;
  int rows_given_ = 0;  // counted from begin_row
  int rows_kept_ = 0;
  int lines_made_ = 0;  // in the order in which stored rows finish them
  int lines_placed_ = 0;
  RgbImage crop_;
};

}  // namespace hailo_clip
