#include "backend/onnx/mapped_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/onnx/onnx_backend.h"
#include "base/file.h"
#include "base/test_folder.h"
#include "model/store.h"

namespace hailo_clip {
namespace {

const std::filesystem::path kGraph =
    std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/models/xenova/onnx/vision_model.onnx";

std::vector<float> EmbedOne(const InstalledModel& model, EncoderKind kind, bool map_weights) {
  const Logger logger(LogLevel::kError, LogFormat::kText);
  const auto backend = CreateOnnxBackend({.threads = 1, .map_weights = map_weights}, logger).value();
  const auto encoder = backend->CreateEncoder(kind, model.manifest, model.folder).value();
  std::vector<std::uint8_t> picture(std::size_t{3} * 260 * 260);
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<std::uint8_t>(i * 7 + i / 500);
  const std::vector<std::int32_t> text = {10512, 320, 525, 10513};
  Batch batch;
  if (kind == EncoderKind::kImage)
    batch = ImageBatch{{picture}};
  else
    batch = TextBatch{{text}};
  Result<Embeddings> answer;
  encoder->Submit(batch, [&](Result<Embeddings> result) { answer = std::move(result); });
  EXPECT_TRUE(answer.has_value()) << (answer.has_value() ? "" : answer.error().message);
  return answer.has_value() ? answer->values : std::vector<float>();
}

TEST(MappedWeights, GiveTheSameEmbeddings) {
  const InstalledModel model =
      ModelStore({std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "models"}).Find(kStarterModel).value();
  for (const EncoderKind kind : {EncoderKind::kImage, EncoderKind::kText}) {
    const std::vector<float> copied = EmbedOne(model, kind, false), mapped = EmbedOne(model, kind, true);
    // Reference: the same graph without mapping. Weights that are not packed are summed in another order.
    EXPECT_THAT(mapped, testing::Pointwise(testing::FloatNear(1e-5F), copied));
  }
}

TEST(MappedWeights, LeaveTheGraphWithoutThem) {
  const std::string graph = ReadFile(kGraph, 1U << 24U).value();
  const auto rewritten = WithExternalWeights(graph, "vision_model.onnx", 64);
  ASSERT_TRUE(rewritten.has_value());
  EXPECT_LT(rewritten->size(), graph.size());
  EXPECT_THAT(*rewritten, testing::HasSubstr("vision_model.onnx"));
  EXPECT_EQ(*WithExternalWeights(graph, "x", graph.size()), graph);  // nothing is that large: unchanged
}

TEST(MappedWeights, AGraphThatIsCutOffOrNoneIsRefused) {
  const std::string graph = ReadFile(kGraph, 1U << 24U).value();
  std::size_t refused = 0, tried = 0;
  for (std::size_t length = 0; length < graph.size(); length += 97, ++tried)
    if (!WithExternalWeights(std::string_view(graph).substr(0, length), "x").has_value()) ++refused;
  EXPECT_GE(refused, tried - 3);  // a cut between two fields of the model leaves a shorter model
  EXPECT_EQ(WithExternalWeights("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "x").error().code,
            ErrorCode::kBadModel);
  EXPECT_EQ(WithExternalWeights("", "x").error().code, ErrorCode::kBadModel);
  EXPECT_EQ(WithMappedWeights("/nowhere/x.onnx").error().code, ErrorCode::kNotFound);
  const TestFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "empty.onnx", "").has_value());
  EXPECT_EQ(WithMappedWeights(folder.path() / "empty.onnx").error().code, ErrorCode::kBadModel);
}

}  // namespace
}  // namespace hailo_clip
