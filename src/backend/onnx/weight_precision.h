// What the numbers of a graph's weights are.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// "fp32", "fp16", "bf16", "int8" or "int4": the type of most weights of the graph, read from the graph itself, whatever
// its file is called. "fp32" for a graph without weights. kBadModel if the bytes are no ONNX graph. Thread-safe.
// Format: onnx.proto, messages ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto.
[[nodiscard]] Result<std::string> WeightPrecision(std::string_view graph);

// The same for a file, of which only the pages beside the weights are read.
[[nodiscard]] Result<std::string> WeightPrecisionOfFile(const std::filesystem::path& file);

}  // namespace hailo_clip
