#include "engine/model_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <latch>
#include <thread>

#include "backend/registry.h"

namespace hailo_clip {
namespace {

using ::testing::HasSubstr;

// A pool whose models are all the starter, under other names.
class ModelPoolTest : public testing::Test {
 protected:
  Result<ServedModel> LoadStarter(const std::string& name) {
    ++loads_;
    if (name == "broken") return Fail(ErrorCode::kBadModel, "self-test failed");
    const ModelStore store({std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "models"});
    HC_ASSIGN(const InstalledModel installed, store.Find("starter"));
    HC_ASSIGN(auto backend, CreateBackend("onnx", {.threads = 1}, logger_));
    HC_ASSIGN(std::shared_ptr<LoadedModel> model, LoadedModel::Load(installed, std::move(backend), cache_, clock_));
    return ServedModel{.model = std::move(model), .identity = {.name = name}};
  }

  [[nodiscard]] ModelPool Make(std::vector<std::string> names, std::uintmax_t max_bytes = 0) {
    return {std::move(names), max_bytes, [this](const std::string& name) { return LoadStarter(name); }, logger_,
            clock_};
  }

  static std::vector<PooledState> States(const ModelPool& pool) {
    std::vector<PooledState> states;
    for (const PooledModel& model : pool.models()) states.push_back(model.state);
    return states;
  }

  const Logger logger_{LogLevel::kError, LogFormat::kText};
  const Clock clock_;
  EmbeddingCache cache_{{}};
  std::atomic<int> loads_ = 0;
};

TEST_F(ModelPoolTest, LoadsWhatIsAskedForOnceForAllWhoAsk) {
  ModelPool pool = Make({"a", "b"});
  EXPECT_THAT(States(pool), testing::Each(PooledState::kUnloaded));
  constexpr int kThreads = 4;
  std::latch together(kThreads);
  std::vector<std::shared_ptr<LoadedModel>> seen(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&, i] {
        together.arrive_and_wait();
        const auto served = pool.Use("A", {});
        if (served.has_value()) seen[static_cast<std::size_t>(i)] = served->model;
      });
  }
  EXPECT_EQ(loads_, 1);
  EXPECT_NE(seen[0], nullptr);
  EXPECT_THAT(seen, testing::Each(seen[0]));
  EXPECT_THAT(States(pool), testing::ElementsAre(PooledState::kLoaded, PooledState::kUnloaded));
}

TEST_F(ModelPoolTest, UnloadsTheLeastRecentlyUsedOverTheLimit) {
  ModelPool pool = Make({"a", "b", "c"}, 1);  // less than any model: one stays, the one used last
  ASSERT_TRUE(pool.Use("a", {}).has_value());
  const auto held = pool.Use("b", {});
  ASSERT_TRUE(held.has_value());
  EXPECT_THAT(States(pool), testing::ElementsAre(PooledState::kUnloaded, PooledState::kLoaded, PooledState::kUnloaded));
  ASSERT_TRUE(pool.Use("c", {}).has_value());
  EXPECT_EQ(States(pool)[1], PooledState::kUnloaded);
  const std::vector<std::string> texts = {"a cat"};
  EXPECT_TRUE(held->model->EncodeTexts(texts, {}).has_value());  // who holds it still uses it
  EXPECT_EQ(loads_, 3);
  ASSERT_TRUE(pool.Use("a", {}).has_value());
  EXPECT_EQ(loads_, 4);
}

TEST_F(ModelPoolTest, KeepsAllThatFit) {
  ModelPool pool = Make({"a", "b"}, std::uintmax_t{64} << 30U);
  pool.LoadAll();
  EXPECT_THAT(States(pool), testing::Each(PooledState::kLoaded));
  EXPECT_TRUE(pool.Use("a", {}).has_value());
  EXPECT_EQ(loads_, 2);
}

TEST_F(ModelPoolTest, AModelThatFailsIsSaidAndNotTriedByEveryRequest) {
  ModelPool pool = Make({"broken", "a"});
  pool.LoadAll();
  EXPECT_THAT(States(pool), testing::ElementsAre(PooledState::kFailed, PooledState::kLoaded));
  const auto answer = pool.Use("broken", {});
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("self-test failed"));
  EXPECT_EQ(loads_, 2);
}

TEST_F(ModelPoolTest, KnowsOnlyItsNames) {
  ModelPool pool = Make({"a", "A", "main"});
  pool.Exclude("Main");
  EXPECT_TRUE(pool.Has("a"));
  EXPECT_FALSE(pool.Has("main"));
  EXPECT_EQ(pool.models().size(), 1U);
  EXPECT_EQ(pool.Use("main", {}).error().code, ErrorCode::kNotFound);
}

TEST_F(ModelPoolTest, WhoCannotWaitIsToldSo) {
  std::latch loading(1), finish(1);
  ModelPool pool(
      {"a"}, 0,
      [&](const std::string& name) {
        loading.count_down();
        finish.wait();
        return LoadStarter(name);
      },
      logger_, clock_);
  std::jthread first([&] { EXPECT_TRUE(pool.Use("a", {}).has_value()); });
  loading.wait();
  EXPECT_EQ(pool.Use("a", {.deadline = clock_.Now()}).error().code, ErrorCode::kDeadlineExceeded);
  std::stop_source gone;
  gone.request_stop();
  EXPECT_EQ(pool.Use("a", {.cancelled = gone.get_token()}).error().code, ErrorCode::kCancelled);
  finish.count_down();
}

}  // namespace
}  // namespace hailo_clip
