// The inner loops of the resampler: one scalar reference and a vector version for each instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "image/resample_axis.h"

namespace hailo_clip {

inline constexpr int kRowsAtOnce = 4;  // the horizontal kernels share the weights between so many rows
// Kernels may read so many bytes behind the last pixel that counts (their weights there are zero).
inline constexpr std::size_t kRowSlack = 64;

using RowPointers = std::array<const std::uint8_t*, kRowsAtOnce>;
using OutputPointers = std::array<std::uint8_t*, kRowsAtOnce>;

// All are exact: the same bytes on every machine. Stateless and thread-safe.
struct ResampleKernels {
  const char* name;
  // Resamples kRowsAtOnce rows of RGB pixels along the row. rows[r] is the pixel that the axis numbers as
  // `origin`; output: [axis.outputs(), 3] u8 each. Output rows may be the same pointer more than once.
  void (*along_row)(const RowPointers& rows, int origin, const ResampleAxis& axis, const OutputPointers& output);
  // Weighs whole rows: output[i] = round(sum of weights[k] * rows[k][i]) for `bytes` bytes.
  void (*across_rows)(std::span<const std::uint8_t* const> rows, std::span<const std::int32_t> weights,
                      std::size_t bytes, std::uint8_t* output);
};

[[nodiscard]] const ResampleKernels& ScalarKernels();
// The fastest for the machine it runs on: NEON on arm64, AVX2 where the processor has it, else scalar.
[[nodiscard]] const ResampleKernels& BestKernels();

// The same sum for single bytes, for what is left over behind whole vectors.
void AcrossRowsScalar(std::span<const std::uint8_t* const> rows, std::span<const std::int32_t> weights,
                      std::size_t begin, std::size_t end, std::uint8_t* output);

}  // namespace hailo_clip
