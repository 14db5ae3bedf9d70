#include "engine/self_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "backend/registry.h"
#include "engine/loaded_model.h"

namespace hailo_clip {
namespace {

// What may go wrong between the files and the device.
struct Fault {
  std::function<void(std::vector<std::uint8_t>& pixels)> in_pixels;
  std::function<void(std::vector<std::int32_t>& tokens)> in_tokens;
  std::function<void(Embeddings& embeddings)> in_embeddings;
};

// The real encoder behind a fault.
class FaultyEncoder : public Encoder {
 public:
  FaultyEncoder(std::unique_ptr<Encoder> real, const Fault& fault) : real_(std::move(real)), fault_(fault) {}
  [[nodiscard]] const EncoderInfo& info() const override { return real_->info(); }
  void Submit(const Batch& batch, Done done) override {
    std::vector<std::vector<std::uint8_t>> pixels;
    std::vector<std::vector<std::int32_t>> tokens;
    Batch changed;
    if (const auto* images = std::get_if<ImageBatch>(&batch)) {
      for (const auto& image : images->images) {
        pixels.emplace_back(image.begin(), image.end());
        if (fault_.in_pixels) fault_.in_pixels(pixels.back());
      }
      changed = ImageBatch{{pixels.begin(), pixels.end()}};
    } else {
      for (const auto& ids : std::get<TextBatch>(batch).tokens) {
        tokens.emplace_back(ids.begin(), ids.end());
        if (fault_.in_tokens) fault_.in_tokens(tokens.back());
      }
      changed = TextBatch{{tokens.begin(), tokens.end()}};
    }
    real_->Submit(changed, [&](Result<Embeddings> result) {
      if (result.has_value() && fault_.in_embeddings) fault_.in_embeddings(*result);
      done(std::move(result));
    });
  }

 private:
  std::unique_ptr<Encoder> real_;
  const Fault& fault_;
};

class FaultyBackend : public Backend {
 public:
  FaultyBackend(std::unique_ptr<Backend> real, const Fault& fault) : real_(std::move(real)), fault_(fault) {}
  [[nodiscard]] Result<std::unique_ptr<Encoder>> CreateEncoder(EncoderKind kind, const Manifest& manifest,
                                                               const std::filesystem::path& folder) override {
    HC_ASSIGN(auto real, real_->CreateEncoder(kind, manifest, folder));
    return std::make_unique<FaultyEncoder>(std::move(real), fault_);
  }

 private:
  std::unique_ptr<Backend> real_;
  const Fault& fault_;
};

class SelfTest : public testing::Test {
 protected:
  SelfTest() {
    const ModelStore store({std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "models"});
    starter_ = store.Find(kStarterModel).value();
  }

  Result<double> Run() {
    HC_ASSIGN(auto real, CreateBackend("onnx", {.threads = 1}, logger_));
    HC_ASSIGN(const auto model,
              LoadedModel::Load(starter_, std::make_unique<FaultyBackend>(std::move(real), fault_), cache_, clock_));
    return RunSelfTest(*model);
  }

  // The manifest's own hashes say nothing here: only the self-test is left to notice.
  void ExpectNoticed() {
    const auto result = Run();
    ASSERT_FALSE(result.has_value()) << "smallest cosine " << *result;
    EXPECT_EQ(result.error().code, ErrorCode::kBadModel) << result.error().message;
  }

  const Logger logger_{LogLevel::kError, LogFormat::kText};
  const Clock clock_;
  EmbeddingCache cache_{{}};
  InstalledModel starter_;
  Fault fault_;
};

TEST_F(SelfTest, PassesOnTheStarterAsItIs) {
  const auto result = Run();
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_GT(*result, 0.9999);
}

TEST_F(SelfTest, NoticesSwappedColourChannels) {
  fault_.in_pixels = [](std::vector<std::uint8_t>& pixels) {
    for (std::size_t i = 0; i + 2 < pixels.size(); i += 3) std::swap(pixels[i], pixels[i + 2]);
  };
  ExpectNoticed();
}

TEST_F(SelfTest, NoticesAWrongMean) {
  starter_.manifest.image.mean = {0.48145466F, 0.4578275F, 0.40821073F};  // CLIP's, not the starter's
  ExpectNoticed();
}

TEST_F(SelfTest, NoticesAWrongStandardDeviation) {
  starter_.manifest.image.standard_deviation = {0.26862954F, 0.26130258F, 0.27577711F};
  ExpectNoticed();
}

TEST_F(SelfTest, NoticesAWrongCrop) {
  starter_.manifest.image.resize_size = 260;
  ExpectNoticed();
}

TEST_F(SelfTest, NoticesAPictureThatIsMirrored) {
  fault_.in_pixels = [](std::vector<std::uint8_t>& pixels) {
    for (std::size_t row = 0; row < pixels.size(); row += 780)
      for (std::size_t x = 0; x < 130; ++x)
        std::swap_ranges(pixels.begin() + row + 3 * x, pixels.begin() + row + 3 * x + 3,
                         pixels.begin() + row + 3 * (259 - x));
  };
  ExpectNoticed();
}

TEST_F(SelfTest, NoticesPoolingAtTheWrongToken) {
  // The starter pools at the largest id, the end token; without it the largest is somewhere else.
  fault_.in_tokens = [](std::vector<std::int32_t>& tokens) { tokens.pop_back(); };
  ExpectNoticed();
}

TEST_F(SelfTest, NoticesTokensInTheWrongOrder) {
  fault_.in_tokens = [](std::vector<std::int32_t>& tokens) { std::reverse(tokens.begin() + 1, tokens.end() - 1); };
  ExpectNoticed();
}

TEST_F(SelfTest, NoticesEmbeddingsInTheWrongOrder) {
  fault_.in_embeddings = [](Embeddings& embeddings) {
    if (embeddings.rows() > 1)
      std::swap_ranges(embeddings.values.begin(), embeddings.values.begin() + embeddings.dimension,
                       embeddings.values.begin() + embeddings.dimension);
  };
  ExpectNoticed();
}

TEST_F(SelfTest, NoticesConstantEmbeddings) {
  fault_.in_embeddings = [](Embeddings& embeddings) { std::ranges::fill(embeddings.values, 0.1F); };
  ExpectNoticed();
}

TEST_F(SelfTest, RefusesAModelWithoutVectors) {
  starter_.manifest.self_test.images.clear();
  ExpectNoticed();
}

TEST_F(SelfTest, RecordsWhatItThenAccepts) {
  auto real = CreateBackend("onnx", {.threads = 1}, logger_).value();
  const auto model = LoadedModel::Load(starter_, std::move(real), cache_, clock_).value();
  const SelfTestSpec recorded = RecordSelfTest(*model).value();
  EXPECT_EQ(recorded.images.size(), 2U);
  EXPECT_EQ(recorded.texts.size(), 4U);
  starter_.manifest.self_test.images = recorded.images;
  starter_.manifest.self_test.texts = recorded.texts;
  EXPECT_TRUE(Run().has_value());
}

TEST(TestCard, IsTheSamePictureEverywhere) {
  // A change of the cards makes the recorded vectors of every installed model wrong: these sums must not change.
  const auto sum = [](std::string_view name) {
    std::uint64_t total = 0;
    const RgbImage card = TestCard(name).value();
    for (const std::uint8_t value : card.pixels) total = total * 31 + value;
    return total;
  };
  EXPECT_EQ(sum("card:1"), 87167106163614318U);
  EXPECT_EQ(sum("card:2"), 2384268079414403916U);
  EXPECT_EQ(TestCard("card:3").error().code, ErrorCode::kBadModel);
}

}  // namespace
}  // namespace hailo_clip
