// Lets ONNX Runtime map a graph's weights from its file instead of copying them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// The graph without its large weights: each initializer of the main graph with raw data of at least `min_bytes` becomes
// external data that says where in `file_name`, the file that `graph` is the content of, those bytes stand. ONNX
// Runtime then maps them; pages are read when they are first needed and the system may drop them again. Everything else
// is copied unchanged. kBadModel if it is no ONNX graph. Thread-safe.
// Format: protobuf's wire format; onnx.proto, messages ModelProto, GraphProto, TensorProto, StringStringEntryProto.
[[nodiscard]] Result<std::string> WithExternalWeights(std::string_view graph, const std::string& file_name,
                                                      std::size_t min_bytes = 1024);

// The same for a file's content. kNotFound if it cannot be opened.
[[nodiscard]] Result<std::string> WithMappedWeights(const std::filesystem::path& file);

}  // namespace hailo_clip
