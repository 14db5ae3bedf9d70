// The two encoders over an opened graph. What a graph must look like is checked before, by the backend.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "backend/backend.h"
#include "backend/onnx/graph.h"
#include "model/manifest.h"

namespace hailo_clip {

// An axis of any length is negative.
[[nodiscard]] constexpr bool IsDynamic(std::int64_t axis) { return axis < 0; }

// How a text graph takes its token ids.
struct TextInput {
  std::int64_t batch_axis = -1;
  std::int64_t sequence_axis = -1;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
  std::optional<std::string> mask;  // 1 for a token, 0 for padding; of the same type
};

// [n, 3, S, S] f32 NCHW, normalised straight into the input buffer. A run of more than `limit` is ended and is
// kDeadlineExceeded.
[[nodiscard]] std::unique_ptr<Encoder> MakeImageEncoder(Graph graph, EncoderFile file, EncoderInfo info,
                                                        std::chrono::milliseconds limit, const PreprocessSpec& spec,
                                                        std::int64_t batch_axis);

// [n, sequence] i64 or i32: as long as the longest text of the batch, or as long as the graph says.
[[nodiscard]] std::unique_ptr<Encoder> MakeTextEncoder(Graph graph, EncoderFile file, EncoderInfo info,
                                                       std::chrono::milliseconds limit, const TextSpec& spec,
                                                       TextInput input);

}  // namespace hailo_clip
