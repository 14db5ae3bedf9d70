// Many embeddings in half precision: half the bytes of single precision, and reading memory is what a product with
// 100,000 rows waits for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/huge_pages.h"

namespace hailo_clip {

// IEEE 754 binary16, rounded to nearest even, as F16C and arm64 do it; beyond its range infinite.
[[nodiscard]] std::uint16_t HalfFromFloat(float value);
[[nodiscard]] float FloatFromHalf(std::uint16_t half);

// [rows, dimension] binary16, row by row; each row is padded with zeros to `stride` elements, so that kernels need no
// code for what is left over. Not thread-safe while rows are set.
class HalfMatrix {
 public:
  static constexpr std::size_t kLanes = 16;  // elements that kernels take at a time

  HalfMatrix() = default;
  HalfMatrix(std::size_t rows, std::size_t dimension)
      : rows_(rows),
        dimension_(dimension),
        stride_((dimension + kLanes - 1) / kLanes * kLanes),
        halves_(rows_ * stride_) {}

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t dimension() const { return dimension_; }
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] std::size_t bytes() const { return halves_.size() * sizeof(std::uint16_t); }

  // `row` has `dimension` elements.
  void SetRow(std::size_t index, std::span<const float> row);

  [[nodiscard]] std::span<const std::uint16_t> halves() const { return halves_; }  // [rows, stride]
  [[nodiscard]] std::span<std::uint16_t> halves() { return halves_; }

 private:
  std::size_t rows_ = 0;
  std::size_t dimension_ = 0;
  std::size_t stride_ = 0;
  std::vector<std::uint16_t, HugePageAllocator<std::uint16_t>> halves_;
};

// The dot product of `query` with each row, [rows]: cosines, if all have unit length. `query` has matrix.dimension()
// elements. The same bits on every machine (cosine_kernels.h). Thread-safe.
[[nodiscard]] std::vector<float> MatrixCosines(const HalfMatrix& matrix, std::span<const float> query);
// The same for some rows: cosines[r] for each r of `rows`, the others are left as they are.
void ReplaceCosines(const HalfMatrix& matrix, std::span<const float> query, std::span<const std::size_t> rows,
                    std::span<float> cosines);

}  // namespace hailo_clip
