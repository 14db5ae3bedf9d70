// An ONNX graph opened as one encoder: its session, and what its inputs and output look like.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace hailo_clip {

// A tensor of the graph. Axes of any length are -1.
struct GraphTensor {
  std::string name;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::vector<std::int64_t> shape;
};

// A picture or an embedding: float32, or float16, which is converted where it enters and leaves.
[[nodiscard]] inline bool IsReal(const GraphTensor& tensor) {
  return tensor.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || tensor.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16;
}

struct Graph {
  Ort::Session session{nullptr};
  std::vector<GraphTensor> inputs;
  std::vector<GraphTensor> outputs;
  std::string precision;  // of most weights, weight_precision.h

  // kBadModel lists the names that the graph has.
  [[nodiscard]] Result<const GraphTensor*> Input(const std::string& name) const;
  [[nodiscard]] Result<const GraphTensor*> Output(const std::string& name) const;
};

// Opens the file with a pool of `threads` of its own; with `map_weights` its weights stay in the file. kBadModel with
// the runtime's words if it cannot be loaded.
[[nodiscard]] Result<Graph> OpenGraph(const Ort::Env& env, const std::filesystem::path& file, int threads,
                                      bool map_weights);

// "[batch, 3, 224, 224]" with * for axes of any length.
[[nodiscard]] std::string FormatShape(const std::vector<std::int64_t>& shape);

}  // namespace hailo_clip
