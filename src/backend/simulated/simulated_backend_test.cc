#include "backend/simulated/simulated_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "base/clock.h"

namespace hailo_clip {
namespace {

Manifest SmallManifest() {
  Manifest manifest;
  manifest.embedding_dimension = 16;
  manifest.image.crop_size = 2;
  manifest.text.context_length = 8;
  return manifest;
}

class SimulatedBackendTest : public testing::Test {
 protected:
  static std::unique_ptr<Backend> Create(std::string device) {
    const Logger quiet(LogLevel::kError, LogFormat::kText);
    return CreateSimulatedBackend({.simulated_device = std::move(device)}, quiet).value();
  }
};

TEST_F(SimulatedBackendTest, HasThePublishedTimes) {
  const SimulatedProfile& profile = SimulatedProfiles().front();
  EXPECT_EQ(profile.name, "clip_vit_b_32");
  EXPECT_NEAR(1000 / profile.image.Of(1), 71.8, 1e-9);
  EXPECT_NEAR(8000 / profile.image.Of(8), 335, 1e-9);
  EXPECT_NEAR(profile.image.Of(4), profile.image.Of(1) + 3 * (profile.image.Of(8) - profile.image.Of(1)) / 7, 1e-9);
}

TEST_F(SimulatedBackendTest, SaysThatItIsSimulated) {
  const auto encoder = Create("clip_vit_b_32")->CreateEncoder(EncoderKind::kImage, SmallManifest(), {}).value();
  EXPECT_TRUE(encoder->info().simulated);
  EXPECT_EQ(encoder->info().backend, "simulated");
  EXPECT_EQ(encoder->info().best_batch, 8);
  EXPECT_EQ(encoder->info().max_in_flight, 2);
}

// The times are lower bounds whatever the machine does: a clock never runs fast.
TEST_F(SimulatedBackendTest, TakesItsTimeForBatchesOneAfterTheOther) {
  const auto encoder = Create("clip_vit_b_32")->CreateEncoder(EncoderKind::kImage, SmallManifest(), {}).value();
  const std::vector<std::uint8_t> pixels(12, 9);
  const auto start = std::chrono::steady_clock::now();
  std::promise<void> both;
  std::atomic<int> left = 2;
  for (int i = 0; i < 2; ++i)
    encoder->Submit(ImageBatch{.images = {pixels}}, [&](const Result<Embeddings>& result) {
      EXPECT_TRUE(result.has_value());
      if (--left == 0) both.set_value();
    });
  both.get_future().wait();
  EXPECT_GE(MillisecondsBetween(start, std::chrono::steady_clock::now()), 2 * SimulatedProfiles().front().image.one);
}

TEST_F(SimulatedBackendTest, NamesItsProfilesWhenAskedForAnother) {
  const Logger quiet(LogLevel::kError, LogFormat::kText);
  const auto backend = CreateSimulatedBackend({.simulated_device = "abacus"}, quiet);
  EXPECT_THAT(backend.error().message, testing::HasSubstr("there are: clip_vit_b_32, clip_resnet_50x4"));
}

}  // namespace
}  // namespace hailo_clip
