// Numbers of the fields of onnx.proto (github.com/onnx/onnx, onnx/onnx.proto) that are read or written here.
#pragma once

#include <cstdint>

namespace hailo_clip {

inline constexpr std::uint64_t kModelGraph = 7;
inline constexpr std::uint64_t kGraphNode = 1;
inline constexpr std::uint64_t kGraphInitializer = 5;
inline constexpr std::uint64_t kNodeOperator = 4;
inline constexpr std::uint64_t kNodeAttribute = 5;
inline constexpr std::uint64_t kAttributeTensor = 5;
inline constexpr std::uint64_t kTensorDims = 1;
inline constexpr std::uint64_t kTensorType = 2;
inline constexpr std::uint64_t kTensorRawData = 9;
inline constexpr std::uint64_t kTensorExternalData = 13;
inline constexpr std::uint64_t kTensorDataLocation = 14;
inline constexpr std::uint64_t kDataLocationExternal = 1;  // a value of kTensorDataLocation
inline constexpr std::uint64_t kEntryKey = 1;              // of an entry of kTensorExternalData
inline constexpr std::uint64_t kEntryValue = 2;

}  // namespace hailo_clip
