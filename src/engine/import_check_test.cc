#include "engine/import_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <numeric>

#include "backend/registry.h"

namespace hailo_clip {
namespace {

using ::testing::HasSubstr;

// A backend whose encoders sum up their input in a way that a test chooses.
struct Behaviour {
  // Of the input's values and of the batch: its number of inputs and the length of the longest.
  std::function<std::vector<float>(std::span<const int> input, std::size_t rows, std::size_t longest)> embed;
  std::string precision = "fp32";
};

std::vector<float> SaneEmbedding(std::span<const int> input, std::size_t /*rows*/, std::size_t /*longest*/) {
  const double sum = std::accumulate(input.begin(), input.end(), 0.0);
  return {static_cast<float>(std::sin(sum)), static_cast<float>(std::cos(sum)), 0.5F};
}

class SketchedEncoder final : public Encoder {
 public:
  explicit SketchedEncoder(const Behaviour& behaviour) : behaviour_(behaviour) {
    info_.precision = behaviour.precision;
  }
  [[nodiscard]] const EncoderInfo& info() const override { return info_; }
  void Submit(const Batch& batch, Done done) override {
    std::vector<std::vector<int>> inputs;
    if (const auto* images = std::get_if<ImageBatch>(&batch)) {
      for (const auto& image : images->images) inputs.emplace_back(image.begin(), image.end());
    } else {
      for (const auto& ids : std::get<TextBatch>(batch).tokens) inputs.emplace_back(ids.begin(), ids.end());
    }
    std::size_t longest = 0;
    for (const auto& input : inputs) longest = std::max(longest, input.size());
    Embeddings all{.dimension = 3, .values = {}};
    for (const auto& input : inputs) {
      const std::vector<float> values = behaviour_.embed(input, inputs.size(), longest);
      all.values.insert(all.values.end(), values.begin(), values.end());
    }
    done(std::move(all));
  }

 private:
  const Behaviour& behaviour_;
  EncoderInfo info_{.backend = "sketch", .device = "", .precision = "", .dimension = 3, .best_batch = 8};
};

class SketchedBackend final : public Backend {
 public:
  SketchedBackend(const Behaviour& image, const Behaviour& text) : image_(image), text_(text) {}
  [[nodiscard]] Result<std::unique_ptr<Encoder>> CreateEncoder(EncoderKind kind, const Manifest& /*manifest*/,
                                                               const std::filesystem::path& /*folder*/) override {
    return std::make_unique<SketchedEncoder>(kind == EncoderKind::kImage ? image_ : text_);
  }

 private:
  const Behaviour& image_;
  const Behaviour& text_;
};

class ImportCheck : public ::testing::Test {
 protected:
  ImportCheck() {
    const ModelStore store({std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "models"});
    starter_ = store.Find(kStarterModel).value();  // for its files: the tokenizer is real
    starter_.manifest.embedding_dimension = 3;
  }
  std::string Check() {
    const auto model =
        LoadedModel::Load(starter_, std::make_unique<SketchedBackend>(image_, text_), cache_, clock_).value();
    const Result<float> limit = CheckNewModel(*model);
    if (limit.has_value()) {
      limit_ = *limit;
      return "";
    }
    EXPECT_EQ(limit.error().code, ErrorCode::kBadModel);
    return limit.error().message;
  }
  // Turns an embedding by `angle` when it has company.
  static auto MovedBy(float angle) {
    return [angle](std::span<const int> input, std::size_t rows, std::size_t /*longest*/) {
      const double turned = std::accumulate(input.begin(), input.end(), 0.0) + (rows > 1 ? angle : 0);
      return std::vector<float>{static_cast<float>(std::sin(turned)), static_cast<float>(std::cos(turned)), 0};
    };
  }

  InstalledModel starter_;
  float limit_ = 0;
  EmbeddingCache cache_{{}};
  const Clock clock_;
  Behaviour image_{&SaneEmbedding};
  Behaviour text_{&SaneEmbedding};
};

TEST_F(ImportCheck, AcceptsASaneModelAndKeepsItsLimit) {
  EXPECT_EQ(Check(), "");
  EXPECT_EQ(limit_, starter_.manifest.self_test.min_cosine);
}

TEST_F(ImportCheck, SetsTheLimitOfAQuantisedModelFromItsOwnSpread) {
  constexpr float angle = 0.1F;  // radians
  image_ = {MovedBy(angle), "int8"};
  EXPECT_EQ(Check(), "");
  EXPECT_NEAR(limit_, 1 - kRoomWhenQuantised * (1 - std::cos(angle)), 1e-5);
  text_.precision = "int8";  // a side that does not move asks for no more room
  EXPECT_EQ(Check(), "");
  EXPECT_NEAR(limit_, 1 - kRoomWhenQuantised * (1 - std::cos(angle)), 1e-5);
}

TEST_F(ImportCheck, RefusesAQuantisedModelThatMovesTooFarAndAnExactOneThatMoves) {
  image_ = {MovedBy(0.1F), "fp16"};
  EXPECT_THAT(Check(), HasSubstr("depends on what else is in the batch"));
  image_ = {MovedBy(0.4F), "int8"};
  EXPECT_THAT(Check(), HasSubstr("depends on what else is in the batch"));
}

TEST_F(ImportCheck, RefusesEmbeddingsThatAreNotFinite) {
  image_.embed = [](auto, auto, auto) { return std::vector<float>{1, std::numeric_limits<float>::quiet_NaN(), 0}; };
  EXPECT_THAT(Check(), HasSubstr("pictures: the model gives an embedding that is not finite or zero"));
}

TEST_F(ImportCheck, RefusesEmbeddingsOfZeros) {
  text_.embed = [](auto, auto, auto) { return std::vector<float>(3, 0.0F); };
  EXPECT_THAT(Check(), HasSubstr("texts: the model gives an embedding that is not finite or zero"));
}

TEST_F(ImportCheck, RefusesAPictureThatDependsOnItsBatch) {
  image_.embed = [](std::span<const int> input, std::size_t rows, std::size_t longest) {
    std::vector<float> values = SaneEmbedding(input, rows, longest);
    values[2] += static_cast<float>(rows);
    return values;
  };
  EXPECT_THAT(Check(), HasSubstr("pictures: an embedding depends on what else is in the batch"));
}

TEST_F(ImportCheck, RefusesATextThatDependsOnItsPadding) {
  text_.embed = [](std::span<const int> input, std::size_t rows, std::size_t longest) {
    std::vector<float> values = SaneEmbedding(input, rows, longest);
    values[2] += static_cast<float>(longest - input.size());
    return values;
  };
  EXPECT_THAT(Check(), HasSubstr("the graph looks at the padding"));
}

TEST_F(ImportCheck, RefusesNoiseThatLooksLikeAPhoto) {
  image_.embed = [](auto, auto, auto) { return std::vector<float>{1, 2, 3}; };
  EXPECT_THAT(Check(), HasSubstr("pictures: clearly different inputs give the same embedding"));
}

TEST_F(ImportCheck, RefusesTextsThatAreAllTheSame) {
  text_.embed = [](auto, auto, auto) { return std::vector<float>{1, 2, 3}; };
  EXPECT_THAT(Check(), HasSubstr("texts: clearly different inputs give the same embedding"));
}

// The golden graphs of both sides; the expected numbers are those of tests/data/models/expected.jsonl (`facts`).
class LogitsOf : public ::testing::Test {
 protected:
  Status Measure(const std::filesystem::path& graph) {
    const Logger logger(LogLevel::kError, LogFormat::kText);
    manifest_.embedding_dimension = 32;
    manifest_.image = {
        .resize_size = 32, .crop_size = 32, .mean = {0.5F, 0.5F, 0.5F}, .standard_deviation = {0.5F, 0.5F, 0.5F}};
    const auto backend = CreateBackend("onnx", {.threads = 1}, logger).value();
    const auto models = std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/models";
    return MeasureLogits(*backend, models / graph, manifest_);
  }
  Manifest manifest_;
};

TEST_F(LogitsOf, ASoftmaxModelAreItsScaleTimesTheCosine) {
  ASSERT_TRUE(Measure("combined/model.onnx").has_value());
  EXPECT_NEAR(manifest_.scoring.logit_scale, 100.00296, 2e-4);
}

TEST_F(LogitsOf, ASigmoidModelHaveABiasToo) {
  manifest_.scoring.activation = Activation::kSigmoid;
  ASSERT_TRUE(Measure("siglip/onnx/model.onnx").has_value());
  EXPECT_NEAR(manifest_.scoring.logit_scale, 9.97418, 2e-5);
  EXPECT_NEAR(manifest_.scoring.logit_bias, -1.5, 1e-5);
}

TEST_F(LogitsOf, ABiasThatIsNotExpectedIsRefused) {
  const Status status = Measure("siglip/onnx/model.onnx");  // as if it were a softmax model
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("give --logit-scale"));
}

TEST_F(LogitsOf, AGraphOfOneSideIsRefused) {
  const Status status = Measure("siglip/onnx/vision_model.onnx");
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kBadModel);
  EXPECT_THAT(status.error().message, HasSubstr("measuring the logits"));
}

}  // namespace
}  // namespace hailo_clip
