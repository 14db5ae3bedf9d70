#include "engine/embedding_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace hailo_clip {
namespace {

using testing::ElementsAre;

// Embeds a number as itself and keeps count.
class Numbers {
 public:
  explicit Numbers(std::vector<int> numbers) : numbers_(std::move(numbers)) {}

  Result<std::vector<SharedEmbedding>> Embed(EmbeddingCache& cache, const RequestContext& context = {}) {
    EmbeddingRun run(
        cache, context,
        [this](std::size_t i) -> Status {
          if (numbers_[i] < 0) return Fail(ErrorCode::kInvalidArgument, "negative");
          submitted.push_back(numbers_[i]);
          waiting_.push_back(numbers_[i]);
          return {};
        },
        [this]() -> Result<std::vector<std::vector<float>>> {
          std::vector<std::vector<float>> embeddings;
          for (const int number : waiting_) embeddings.push_back({static_cast<float>(number)});
          waiting_.clear();
          return embeddings;
        });
    for (const int number : numbers_) HC_TRY(run.Add(std::to_string(number)));
    auto embeddings = run.Finish();
    for (std::size_t i = 0; i < numbers_.size(); ++i) cached.push_back(run.cached(i));
    return embeddings;
  }

  std::vector<int> submitted;
  std::vector<bool> cached;

 private:
  std::vector<int> numbers_;
  std::vector<int> waiting_;
};

TEST(EmbeddingRun, ComputesEachDistinctInputOnceAndKeepsTheOrder) {
  EmbeddingCache cache({.entries = 10, .bytes = 10'000});
  Numbers first({3, 1, 3, 2});
  const auto embeddings = *first.Embed(cache);
  EXPECT_THAT(first.submitted, ElementsAre(3, 1, 2));
  EXPECT_THAT(first.cached, ElementsAre(false, false, false, false));
  EXPECT_EQ(embeddings[2], embeddings[0]);
  EXPECT_EQ(embeddings[3]->front(), 2);

  Numbers second({2, 5});
  ASSERT_TRUE(second.Embed(cache).has_value());
  EXPECT_THAT(second.submitted, ElementsAre(5));
  EXPECT_THAT(second.cached, ElementsAre(true, false));
}

TEST(EmbeddingRun, NeitherLooksUpNorKeepsWithoutCaches) {
  EmbeddingCache cache({.entries = 10, .bytes = 10'000});
  ASSERT_TRUE(Numbers({1}).Embed(cache).has_value());
  Numbers run({1, 1, 2});
  ASSERT_TRUE(run.Embed(cache, {.use_caches = false}).has_value());
  EXPECT_THAT(run.submitted, ElementsAre(1, 2));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(EmbeddingRun, ComputesItselfWhatItsLeaderGaveUp) {
  EmbeddingCache cache({.entries = 10, .bytes = 10'000});
  auto leader = std::make_unique<EmbeddingCache::Lookup>(cache.Find("1"));
  Numbers run({2, 1, 3});
  std::jthread gives_up([&] { leader.reset(); });
  const auto embeddings = *run.Embed(cache);
  EXPECT_EQ(embeddings[1]->front(), 1);
  EXPECT_EQ(run.submitted.size(), 3U);
}

TEST(EmbeddingRun, GivesUpWhatItLeadsWhenAnInputFails) {
  EmbeddingCache cache({.entries = 10, .bytes = 10'000});
  EXPECT_FALSE(Numbers({1, -1}).Embed(cache).has_value());
  EXPECT_TRUE(cache.Find("1").leads());
}

// Runs that need each other's inputs in opposite orders must not wait for each other.
TEST(EmbeddingRun, NeverWaitsInACircle) {
  EmbeddingCache cache({.entries = 0, .bytes = 0});
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        std::vector<int> numbers = {1, 2, 3, 4, 5};
        std::rotate(numbers.begin(), numbers.begin() + (t + i) % 5, numbers.end());
        if (i % 7 == 0) numbers.push_back(-1);  // fails, and gives up the five
        const auto embeddings = Numbers(numbers).Embed(cache);
        if (embeddings.has_value() != (i % 7 != 0)) ++wrong;
        for (std::size_t k = 0; embeddings.has_value() && k < numbers.size(); ++k)
          if ((*embeddings)[k]->front() != static_cast<float>(numbers[k])) ++wrong;
      }
    });
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace hailo_clip
