#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/file.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = HAILO_CLIP_SOURCE_DIR;

std::string Picture(std::string_view name) {
  return ReadFile(kSource / "tests/data/images" / name, std::size_t{8} << 20U).value();
}

std::span<const std::byte> Bytes(const std::string& content) { return std::as_bytes(std::span(content)); }

class EngineTest : public testing::Test {
 protected:
  EngineTest() { config_.performance.encoder_threads = 2; }

  Engine& Start() {
    engine_ = std::make_unique<Engine>(Engine::Options{.config = config_, .model_folders = {kSource / "models"}},
                                       logger_, clock_);
    loaded_ = engine_->Load();
    return *engine_;
  }

  Config config_;
  const Logger logger_{LogLevel::kError, LogFormat::kText};
  const Clock clock_;
  Status loaded_;
  std::unique_ptr<Engine> engine_;
  const std::string cat_ = Picture("photo_cat.png");
  const std::string coffee_ = Picture("photo_coffee.jpg");
};

TEST_F(EngineTest, ClassifiesRealPhotos) {
  Engine& engine = Start();
  ASSERT_TRUE(loaded_.has_value()) << loaded_.error().message;
  const std::vector<std::string> prompts = {"a photo of a dog", "a photo of a cat", "a photo of a cup of coffee",
                                            "a photo of a rocket"};
  for (const auto& [picture, expected] : {std::pair{&cat_, 1U}, std::pair{&coffee_, 2U}}) {
    const auto answer = engine.Classify({.image = Bytes(*picture), .prompts = prompts, .top_k = 4}, {});
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->ranked.front().index, expected);
    EXPECT_GT(answer->ranked.front().score, 0.5);
    EXPECT_EQ(answer->model.name, "starter");
    EXPECT_EQ(answer->model.backend, "onnx-cpu");
    EXPECT_EQ(answer->model.fingerprint.size(), std::string_view("sha256:").size() + 16);
  }
}

TEST_F(EngineTest, IsNotReadyBeforeItIsLoaded) {
  Engine engine({.config = config_, .model_folders = {kSource / "models"}}, logger_, clock_);
  EXPECT_EQ(engine.health().state, HealthState::kStarting);
  EXPECT_EQ(engine.Classify({.image = Bytes(cat_), .prompts = {"a"}}, {}).error().code, ErrorCode::kUnavailable);
}

TEST_F(EngineTest, SaysHowToGetAModelThatIsMissing) {
  config_.clip.model = "clip-vit-b-32";
  const Engine& engine = Start();
  EXPECT_EQ(loaded_.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(loaded_.error().message, testing::HasSubstr("hailo-clip models import"));
  EXPECT_EQ(engine.health().state, HealthState::kUnhealthy);
}

TEST_F(EngineTest, LetsTheStarterStandInAndSaysSo) {
  config_.clip.model = "clip-vit-b-32";
  config_.clip.if_missing = IfMissing::kStarter;
  Engine& engine = Start();
  ASSERT_TRUE(loaded_.has_value());
  const auto answer = engine.Classify({.image = Bytes(cat_), .prompts = {"a cat"}}, {});
  EXPECT_EQ(answer->model.name, "starter");
  EXPECT_EQ(answer->model.requested_model, "clip-vit-b-32");
  EXPECT_EQ(engine.health().model->requested_model, "clip-vit-b-32");
  const std::vector<std::string> texts = {"a cat"};
  EXPECT_TRUE(engine.EmbedTexts("clip-vit-b-32", texts, {}).has_value());
  EXPECT_TRUE(engine.EmbedTexts("starter", texts, {}).has_value());
  EXPECT_EQ(engine.EmbedTexts("other", texts, {}).error().code, ErrorCode::kNotFound);
}

TEST_F(EngineTest, EncodesEachDistinctPromptOnceAndThenNotAtAll) {
  Engine& engine = Start();
  const ClassifyRequest request{.image = Bytes(cat_), .prompts = {"a cat", "a dog", "a cat"}, .top_k = 3};
  const auto first = engine.Classify(request, {});
  EXPECT_EQ(first->prompts_cached, 0U);
  const auto second = engine.Classify(request, {});
  EXPECT_EQ(second->prompts_cached, 3U);
  ASSERT_EQ(second->ranked.size(), 3U);
  EXPECT_EQ(first->ranked[0].score, second->ranked[0].score);
  EXPECT_EQ(second->ranked[0].index, 0U);  // equal scores keep their order
  EXPECT_EQ(second->ranked[1].index, 2U);
  EXPECT_EQ(second->ranked[0].score, second->ranked[1].score);
}

TEST_F(EngineTest, WithoutTheCacheEncodesEveryTime) {
  config_.text_embedding.cache_enabled = false;
  Engine& engine = Start();
  const ClassifyRequest request{.image = Bytes(cat_), .prompts = {"a cat", "a dog"}};
  ASSERT_TRUE(engine.Classify(request, {}).has_value());
  EXPECT_EQ(engine.Classify(request, {})->prompts_cached, 0U);
}

TEST_F(EngineTest, TemplatesAverageUnitEmbeddings) {
  Engine& engine = Start();
  const std::vector<std::string> texts = {"a photo of a cat.", "a drawing of a cat."};
  const auto parts = engine.EmbedTexts({}, texts, {});
  std::vector<float> mean(parts->embeddings[0].size());
  for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = parts->embeddings[0][i] + parts->embeddings[1][i];
  ASSERT_TRUE(NormalizeToUnitLength(mean));
  const std::vector<std::span<const std::byte>> pictures = {Bytes(cat_)};
  const float expected = DotProduct(engine.EmbedImages({}, pictures, {})->embeddings[0], mean);
  const auto answer = engine.Classify(
      {.image = Bytes(cat_), .prompts = {"cat"}, .templates = {"a photo of a {}.", "a drawing of a {}."}}, {});
  EXPECT_NEAR(answer->ranked[0].similarity, expected, 1e-5);
  EXPECT_EQ(answer->prompts_cached, 1U);  // both of its texts were
}

TEST_F(EngineTest, ReportsTruncatedPrompts) {
  Engine& engine = Start();
  std::string endless;
  for (int i = 0; i < 100; ++i) endless += "word ";
  const auto answer = engine.Classify({.image = Bytes(cat_), .prompts = {"a cat", endless}}, {});
  EXPECT_THAT(answer->truncated, testing::ElementsAre(1));
}

TEST_F(EngineTest, EmbedsToUnitLengthAndEqualTextsEqually) {
  Engine& engine = Start();
  const std::vector<std::string> texts = {"a red car", "A  Red CAR", "a boat"};
  const auto list = engine.EmbedTexts({}, texts, {});
  ASSERT_EQ(list->embeddings.size(), 3U);
  EXPECT_EQ(list->embeddings[0], list->embeddings[1]);
  EXPECT_NE(list->embeddings[0], list->embeddings[2]);
  for (const auto& embedding : list->embeddings) EXPECT_NEAR(DotProduct(embedding, embedding), 1.0F, 1e-5);
  EXPECT_EQ(list->model.dimension, 523);
}

TEST_F(EngineTest, NamesTheBadPictureOfSeveral) {
  Engine& engine = Start();
  const std::string bad = "not a picture";
  const std::vector<std::span<const std::byte>> pictures = {Bytes(cat_), Bytes(bad)};
  const auto list = engine.EmbedImages({}, pictures, {});
  ASSERT_FALSE(list.has_value());
  EXPECT_THAT(list.error().message, testing::StartsWith("images[1]: "));
}

// The reference is Classify itself; batches of other sizes may differ in the last digits.
TEST_F(EngineTest, AnswersManyPicturesAsItAnswersOneWithPromptsThatAreEncodedOnce) {
  config_.text_embedding.cache_enabled = false;
  Engine& engine = Start();
  ClassifyRequest request{.prompts = {"a photo of a cat", "a photo of a cup of coffee"}, .templates = {"{}", "my {}"}};
  const auto prompts = engine.StartMany(request, {});
  ASSERT_TRUE(prompts.has_value()) << prompts.error().message;
  for (const std::string* picture : {&cat_, &coffee_}) {
    const auto many = engine.ClassifyOne(request, *prompts, Bytes(*picture), {});
    request.image = Bytes(*picture);
    const auto one = engine.Classify(request, {});
    ASSERT_TRUE(many.has_value() && one.has_value());
    ASSERT_EQ(many->ranked.size(), 2U);
    EXPECT_EQ(many->ranked[0].index, one->ranked[0].index);
    EXPECT_NEAR(many->ranked[0].similarity, one->ranked[0].similarity, 1e-5);
    EXPECT_EQ(many->model.fingerprint, one->model.fingerprint);
  }
  EXPECT_EQ(engine.ClassifyOne(request, *prompts, Bytes("no picture"), {}).error().code, ErrorCode::kUnsupported);
}

TEST_F(EngineTest, KeepsToDeadlinesAndCancellation) {
  Engine& engine = Start();
  const ClassifyRequest request{.image = Bytes(cat_), .prompts = {"a cat", "a dog"}};
  EXPECT_EQ(engine.Classify(request, {.deadline = clock_.Now() - std::chrono::seconds(1)}).error().code,
            ErrorCode::kDeadlineExceeded);
  std::stop_source gone;
  gone.request_stop();
  EXPECT_EQ(engine.Classify(request, {.cancelled = gone.get_token()}).error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(engine.Classify(request, {}).has_value());  // and nothing is stuck afterwards
}

TEST_F(EngineTest, AnswersManyThreadsAsItAnswersOne) {
  Engine& engine = Start();
  const std::vector<std::string> prompts = {"a photo of a cat", "a photo of a cup of coffee"};
  const double cat = engine.Classify({.image = Bytes(cat_), .prompts = prompts}, {})->ranked[0].score;
  const double coffee = engine.Classify({.image = Bytes(coffee_), .prompts = prompts}, {})->ranked[0].score;
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const bool is_cat = (t + i) % 2 == 0;
        const auto answer = engine.Classify({.image = Bytes(is_cat ? cat_ : coffee_), .prompts = prompts}, {});
        const bool right = answer.has_value() && answer->ranked[0].index == (is_cat ? 0U : 1U) &&
                           std::abs(answer->ranked[0].score - (is_cat ? cat : coffee)) < 1e-4;
        if (!right) ++wrong;
      }
    });
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace hailo_clip
