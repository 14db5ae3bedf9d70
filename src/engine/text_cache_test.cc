#include "engine/text_cache.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace hailo_clip {
namespace {

SharedEmbedding Make(float value) { return std::make_shared<const std::vector<float>>(1, value); }

TEST(TextCache, DropsTheLeastRecentlyUsed) {
  TextCache cache(2);
  cache.Insert("a", Make(1));
  cache.Insert("b", Make(2));
  ASSERT_NE(cache.Find("a"), nullptr);  // now b is the oldest
  cache.Insert("c", Make(3));
  EXPECT_EQ(cache.Find("b"), nullptr);
  EXPECT_EQ(cache.Find("a")->front(), 1);
  EXPECT_EQ(cache.Find("c")->front(), 3);
  EXPECT_EQ(cache.size(), 2U);
}

TEST(TextCache, KeepsTheFirstOfTwoInserts) {
  TextCache cache(2);
  cache.Insert("a", Make(1));
  cache.Insert("a", Make(2));
  EXPECT_EQ(cache.Find("a")->front(), 1);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(TextCache, OfSizeZeroKeepsNothing) {
  TextCache cache(0);
  cache.Insert("a", Make(1));
  EXPECT_EQ(cache.Find("a"), nullptr);
}

TEST(TextCache, KeysDifferByModelAndByEveryToken) {
  const std::array<std::int32_t, 2> ids = {1, 2};
  const std::array<std::int32_t, 2> others = {1, 258};
  EXPECT_NE(TextCache::Key("sha256:a", ids), TextCache::Key("sha256:b", ids));
  EXPECT_NE(TextCache::Key("sha256:a", ids), TextCache::Key("sha256:a", others));
  EXPECT_NE(TextCache::Key("sha256:a", ids), TextCache::Key("sha256:a", std::span(ids).first(1)));
}

TEST(TextCache, StaysConsistentUnderConcurrentUse) {
  TextCache cache(8);
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const int value = (i * 7 + t) % 16;
        cache.Insert(std::to_string(value), Make(static_cast<float>(value)));
        const SharedEmbedding found = cache.Find(std::to_string(value));
        if (found != nullptr && found->front() != static_cast<float>(value)) ++wrong;
      }
    });
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(cache.size(), 8U);
}

}  // namespace
}  // namespace hailo_clip
