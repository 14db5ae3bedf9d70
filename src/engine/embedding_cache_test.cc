#include "engine/embedding_cache.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

namespace hailo_clip {
namespace {

SharedEmbedding Embedding(float value) { return std::make_shared<const std::vector<float>>(4, value); }

void Put(EmbeddingCache& cache, const std::string& key, float value) { cache.Find(key).Publish(Embedding(value)); }

TEST(EmbeddingCache, FindsWhatWasPublished) {
  EmbeddingCache cache({.entries = 10, .bytes = 10'000});
  auto first = cache.Find("a");
  ASSERT_TRUE(first.leads());
  first.Publish(Embedding(1));
  const auto second = cache.Find("a");
  ASSERT_NE(second.found(), nullptr);
  EXPECT_FALSE(second.leads());
  EXPECT_EQ(second.found()->front(), 1);
}

TEST(EmbeddingCache, DropsTheLeastRecentlyUsed) {
  EmbeddingCache cache({.entries = 2, .bytes = 10'000});
  Put(cache, "a", 1);
  Put(cache, "b", 2);
  EXPECT_NE(cache.Find("a").found(), nullptr);
  Put(cache, "c", 3);
  EXPECT_EQ(cache.Find("b").found(), nullptr);
  EXPECT_NE(cache.Find("a").found(), nullptr);
  EXPECT_NE(cache.Find("c").found(), nullptr);
}

TEST(EmbeddingCache, KeepsToItsBytes) {
  EmbeddingCache cache({.entries = 1'000, .bytes = 1'000});
  for (int i = 0; i < 100; ++i) Put(cache, std::to_string(i), 1);
  EXPECT_GT(cache.size(), 2U);
  EXPECT_LE(cache.bytes(), 1'000U);
  EXPECT_NE(cache.Find("99").found(), nullptr);
  EXPECT_EQ(cache.Find("0").found(), nullptr);
}

TEST(EmbeddingCache, KeepsNothingWithoutRoomButStillJoinsThoseWhoAskAtOnce) {
  EmbeddingCache cache({.entries = 0, .bytes = 10'000});
  auto leader = cache.Find("a");
  auto follower = cache.Find("a");
  EXPECT_FALSE(follower.leads());
  leader.Publish(Embedding(7));
  EXPECT_EQ((**follower.Wait({}))[0], 7);
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_TRUE(cache.Find("a").leads());
}

TEST(EmbeddingCache, TellsWhoWaitsThatTheLeaderGaveUp) {
  EmbeddingCache cache({.entries = 10, .bytes = 10'000});
  auto leader = std::make_unique<EmbeddingCache::Lookup>(cache.Find("a"));
  auto follower = cache.Find("a");
  leader.reset();
  EXPECT_EQ(*follower.Wait({}), nullptr);
  EXPECT_TRUE(cache.Find("a").leads());
}

TEST(EmbeddingCache, StopsWaitingWhenTheRequestEnds) {
  EmbeddingCache cache({.entries = 10, .bytes = 10'000});
  const auto leader = cache.Find("a");
  auto follower = cache.Find("a");
  EXPECT_EQ(follower.Wait({.deadline = std::chrono::steady_clock::now()}).error().code, ErrorCode::kDeadlineExceeded);
  std::stop_source gone;
  gone.request_stop();
  EXPECT_EQ(follower.Wait({.cancelled = gone.get_token()}).error().code, ErrorCode::kCancelled);
}

TEST(EmbeddingCache, KeysDifferByModelAndByEveryToken) {
  const std::array<std::int32_t, 2> ids = {1, 2};
  const std::array<std::int32_t, 2> others = {1, 258};
  const auto key = [](std::string_view model, std::span<const std::int32_t> tokens) {
    return CacheKey(model, std::as_bytes(tokens));
  };
  EXPECT_NE(key("sha256:a", ids), key("sha256:b", ids));
  EXPECT_NE(key("sha256:a", ids), key("sha256:a", others));
  EXPECT_NE(key("sha256:a", ids), key("sha256:a", std::span(ids).first(1)));
}

// For the thread sanitizer too: many threads, few keys, leaders that give up now and then.
TEST(EmbeddingCache, ComputesEachKeyOnceAtATimeUnderLoad) {
  EmbeddingCache cache({.entries = 2, .bytes = 10'000});
  std::atomic<int> computing[5] = {};
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const int key = (i * 7 + t) % 5;
        SharedEmbedding embedding;
        while (embedding == nullptr) {
          auto lookup = cache.Find(std::to_string(key));
          embedding = lookup.found();
          if (lookup.leads()) {
            if (++computing[key] != 1) ++wrong;
            if (i % 11 != 0) embedding = Embedding(static_cast<float>(key));
            --computing[key];
            if (embedding == nullptr) break;  // gives up
            lookup.Publish(embedding);
          } else if (embedding == nullptr) {
            embedding = *lookup.Wait({});
          }
        }
        if (embedding != nullptr && embedding->front() != static_cast<float>(key)) ++wrong;
      }
    });
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace hailo_clip
