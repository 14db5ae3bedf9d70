#include "backend/onnx/weight_precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace hailo_clip {
namespace {

const std::filesystem::path kRoot = HAILO_CLIP_SOURCE_DIR;

std::string Field(unsigned number, unsigned type, const std::string& content) {
  return std::string{static_cast<char>(number << 3U | type)} + content;
}
std::string Message(unsigned number, const std::string& content) {
  return Field(number, 2, static_cast<char>(content.size()) + content);
}
std::string Number(unsigned number, unsigned value) { return Field(number, 0, {static_cast<char>(value)}); }

// TensorProto with one axis (field 1) and a type (field 2); no data is needed to say what it would be.
std::string Tensor(unsigned axis, unsigned type) { return Number(1, axis) + Number(2, type); }
std::string Model(const std::string& graph) { return Message(7, graph); }
std::string Initializer(unsigned axis, unsigned type) { return Message(5, Tensor(axis, type)); }

TEST(WeightPrecision, IsThatOfRealGraphs) {
  EXPECT_EQ(WeightPrecisionOfFile(kRoot / "tests/data/models/xenova/onnx/text_model.onnx").value(), "fp32");
  EXPECT_EQ(WeightPrecisionOfFile(kRoot / "models/starter/image.onnx").value(), "int8");
}

TEST(WeightPrecision, IsWhatMostWeightsAre) {
  EXPECT_EQ(WeightPrecision(Model(Initializer(100, 10) + Initializer(20, 1))).value(), "fp16");
  EXPECT_EQ(WeightPrecision(Model(Initializer(20, 1) + Initializer(100, 3) + Initializer(30, 1))).value(), "int8");
  EXPECT_EQ(WeightPrecision(Model(Initializer(20, 1) + Initializer(100, 7))).value(), "fp32");  // int64: indices
}

TEST(WeightPrecision, ReadsPackedAxesAndConstants) {
  const std::string packed = Message(1, std::string{100, 2}) + Number(2, 16);
  EXPECT_EQ(WeightPrecision(Model(Initializer(120, 1) + Message(5, packed))).value(), "bf16");
  const std::string constant = Message(4, "Constant") + Message(5, Message(5, Tensor(100, 10)));
  EXPECT_EQ(WeightPrecision(Model(Initializer(20, 1) + Message(1, constant))).value(), "fp16");
}

TEST(WeightPrecision, KnowsBytesThatHoldTwoWeightsByTheirOperator) {
  EXPECT_EQ(WeightPrecision(Model(Initializer(100, 2) + Message(1, Message(4, "MatMulNBits")))).value(), "int4");
}

TEST(WeightPrecision, RefusesWhatIsNoGraph) {
  const std::string graph = ReadFile(kRoot / "models/starter/image.onnx", 1U << 25U).value();
  for (const std::string& bytes : {std::string(), std::string("no graph"), graph.substr(0, graph.size() / 2)}) {
    const auto precision = WeightPrecision(bytes);
    ASSERT_FALSE(precision.has_value());
    EXPECT_EQ(precision.error().code, ErrorCode::kBadModel);
  }
  EXPECT_FALSE(WeightPrecisionOfFile(kRoot / "missing.onnx").has_value());
}

}  // namespace
}  // namespace hailo_clip
