#include "backend/onnx/onnx_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/store.h"

namespace hailo_clip {
namespace {

TEST(OnnxBackend, EndsACallThatTakesLongerThanTheDeviceMay) {
  const Logger logger(LogLevel::kError, LogFormat::kText);
  const InstalledModel model =
      ModelStore({std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "models"}).Find(kStarterModel).value();
  const auto backend = CreateOnnxBackend({.threads = 1, .device_timeout_ms = 1}, logger).value();
  const auto encoder = backend->CreateEncoder(EncoderKind::kImage, model.manifest, model.folder).value();
  const std::vector<std::uint8_t> picture(std::size_t{3} * 260 * 260, 100);
  Result<Embeddings> answer;
  encoder->Submit(ImageBatch{std::vector<std::span<const std::uint8_t>>(32, picture)},
                  [&](Result<Embeddings> result) { answer = std::move(result); });
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(answer.error().message, testing::HasSubstr("clip.device_timeout_ms"));
}

}  // namespace
}  // namespace hailo_clip
