#include "backend/onnx/weight_precision.h"

#include <algorithm>
#include <map>

#include "backend/onnx/file_mapping.h"
#include "backend/onnx/onnx_fields.h"
#include "backend/onnx/protobuf_fields.h"

namespace hailo_clip {
namespace {

// TensorProto.DataType; what is not listed (indices, shapes) is no weight.
std::string_view PrecisionOfType(std::uint64_t type) {
  switch (type) {
    case 1: return "fp32";
    case 2:
    case 3: return "int8";
    case 10: return "fp16";
    case 16: return "bf16";
    case 21:
    case 22: return "int4";
    default: return "";
  }
}

class Census {
 public:
  // Each is false if the bytes are no such message.
  bool Model(std::string_view message) {
    return Each(message,
                [&](const ProtobufField& field) { return field.number != kModelGraph || Graph(field.content); });
  }

  [[nodiscard]] std::string Result() const {
    const auto most = std::ranges::max_element(elements_, {}, [](const auto& entry) { return entry.second; });
    if (most == elements_.end()) return "fp32";
    // Blocks of four-bit weights are stored as bytes; only the operator tells.
    return most->first == "int8" && has_four_bit_operators_ ? "int4" : std::string(most->first);
  }

 private:
  bool Graph(std::string_view message) {
    return Each(message, [&](const ProtobufField& field) {
      if (field.number == kGraphInitializer) return Tensor(field.content);
      return field.number != kGraphNode || Node(field.content);
    });
  }

  // Some exporters keep weights in nodes of the operator Constant.
  bool Node(std::string_view message) {
    return Each(message, [&](const ProtobufField& field) {
      if (field.number == kNodeOperator && (field.content == "MatMulNBits" || field.content == "MatMulBnb4"))
        has_four_bit_operators_ = true;
      if (field.number != kNodeAttribute) return true;
      return Each(field.content, [&](const ProtobufField& attribute) {
        return attribute.number != kAttributeTensor || attribute.type != WireType::kLength || Tensor(attribute.content);
      });
    });
  }

  bool Tensor(std::string_view message) {
    double elements = 1;  // of dimensions that nobody checked: a double does not overflow
    std::uint64_t type = 0;
    const bool valid = Each(message, [&](const ProtobufField& field) {
      if (field.number == kTensorType) type = field.value;
      if (field.number != kTensorDims) return true;
      if (field.type == WireType::kVarint) elements *= static_cast<double>(field.value);
      for (ProtobufFields packed(field.content); !packed.done();) {
        const auto axis = packed.Varint();
        if (!axis.has_value()) return false;
        elements *= static_cast<double>(*axis);
      }
      return true;
    });
    if (const std::string_view precision = PrecisionOfType(type); !precision.empty()) elements_[precision] += elements;
    return valid;
  }

  template <typename Visit>
  static bool Each(std::string_view message, const Visit& visit) {
    for (ProtobufFields fields(message); !fields.done();) {
      const auto field = fields.Next();
      if (!field.has_value() || !visit(*field)) return false;
    }
    return true;
  }

  std::map<std::string_view, double> elements_;
  bool has_four_bit_operators_ = false;
};

}  // namespace

Result<std::string> WeightPrecision(std::string_view graph) {
  Census census;
  if (graph.empty() || !census.Model(graph))
    return Fail(ErrorCode::kBadModel, "this is no ONNX graph, or it is cut off");
  return census.Result();
}

Result<std::string> WeightPrecisionOfFile(const std::filesystem::path& file) {
  HC_ASSIGN(const FileMapping mapping, FileMapping::Open(file));
  auto precision = WeightPrecision(mapping.bytes());
  if (!precision.has_value()) return FailWithin(file.string(), std::move(precision).error());
  return precision;
}

}  // namespace hailo_clip
