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

// An input of a graph of both sides that this side does not have: it is fed the least that the graph takes, one picture
// of zeros or one text of one token (ids and mask 1), and what comes of it is not looked at.
using OtherSideInput = GraphTensor;

// How a text graph takes its token ids.
struct TextInput {
  std::int64_t batch_axis = -1;
  std::int64_t sequence_axis = -1;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
  std::optional<std::string> mask;  // 1 for a token, 0 for padding; of the same type
};

// Two encoders may share a graph: sessions run on several threads at once.
// [n, 3, S, S] NCHW, normalised straight into the input buffer; f32, or rounded to f16 if the graph wants that. A run
// of more than `limit` is ended and is kDeadlineExceeded.
[[nodiscard]] std::unique_ptr<Encoder> MakeImageEncoder(std::shared_ptr<Graph> graph, EncoderFile file,
                                                        EncoderInfo info, std::chrono::milliseconds limit,
                                                        const PreprocessSpec& spec, std::int64_t batch_axis,
                                                        const std::vector<OtherSideInput>& other_side);

// [n, sequence] i64 or i32: as long as the longest text of the batch, or as long as the graph or spec.padding says.
[[nodiscard]] std::unique_ptr<Encoder> MakeTextEncoder(std::shared_ptr<Graph> graph, EncoderFile file, EncoderInfo info,
                                                       std::chrono::milliseconds limit, const TextSpec& spec,
                                                       TextInput input, const std::vector<OtherSideInput>& other_side);

}  // namespace hailo_clip
