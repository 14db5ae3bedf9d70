// The inner loop of scoring: one scalar reference and a vector version for each instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hailo_clip {

// All give the same bits. `rows`: each row has sixteen running sums, of the elements 16 i + 0 .. 16 i + 15, without
// fused multiply-add, and the sums are added as halves: 8 to 8, 4 to 4, 2 to 2, 1 to 1. `dots` is exact. Stateless and
// thread-safe.
struct CosineKernel {
  const char* name;
  // cosines[r] = the dot product of query [stride] f32 with row r of matrix [rows, stride] binary16. `stride` is a
  // multiple of 16.
  void (*rows)(const std::uint16_t* matrix, std::size_t rows, std::size_t stride, const float* query, float* cosines);
  // dots[r] = the dot product of query [stride] i16 with row r of matrix [rows, stride] i8. No sum of the products'
  // sizes may exceed 2^31 - 1. `stride` is a multiple of 16.
  void (*dots)(const std::int8_t* matrix, std::size_t rows, std::size_t stride, const std::int16_t* query,
               std::int32_t* dots);
};

[[nodiscard]] const CosineKernel& ScalarCosineKernel();
// The fastest for the machine it runs on: NEON on arm64, AVX2 with F16C where the processor has them, else scalar.
[[nodiscard]] const CosineKernel& BestCosineKernel();

// What cosine_kernels_avx2.cc or cosine_kernels_neon.cc offers; CMake compiles the one for the processor. nullptr if
// this processor lacks the instructions.
[[nodiscard]] const CosineKernel* VectorCosineKernel();

}  // namespace hailo_clip
