#include "text/word_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace hailo_clip {
namespace {

using ::testing::ElementsAre;

TEST(WordCache, AppendsWhatWasInserted) {
  WordCache cache;
  std::vector<std::int32_t> ids = {7};
  EXPECT_FALSE(cache.Find("cat", ids));
  cache.Insert("cat", std::vector<BpeId>{1, 65'534});
  EXPECT_TRUE(cache.Find("cat", ids));
  EXPECT_THAT(ids, ElementsAre(7, 1, 65'534));
  EXPECT_FALSE(cache.Find("ca", ids));
  EXPECT_FALSE(cache.Find(std::string_view("cat\0", 4), ids));
}

TEST(WordCache, TakesWordsUpToItsLimits) {
  WordCache cache;
  const std::string longest(WordCache::kMaxWordBytes, 'x'), too_long(WordCache::kMaxWordBytes + 1, 'x');
  const std::vector<BpeId> most(WordCache::kMaxIds, 5), too_many(WordCache::kMaxIds + 1, 5);
  std::vector<std::int32_t> ids;
  cache.Insert(longest, most);
  EXPECT_TRUE(cache.Find(longest, ids));
  EXPECT_EQ(ids.size(), most.size());
  cache.Insert(too_long, most);
  EXPECT_FALSE(cache.Find(too_long, ids));
  cache.Insert("y", too_many);
  EXPECT_FALSE(cache.Find("y", ids));
}

TEST(WordCache, KeepsTakingNewWordsWhenFull) {
  WordCache cache;
  for (int i = 0; i < 100'000; ++i) {
    const std::string word = std::to_string(i);
    cache.Insert(word, std::vector<BpeId>{static_cast<BpeId>(i % 60'000)});
    std::vector<std::int32_t> ids;
    ASSERT_TRUE(cache.Find(word, ids));
    ASSERT_THAT(ids, ElementsAre(i % 60'000));
  }
}

TEST(WordCache, NeverMixesWordsWhileOthersWrite) {
  WordCache cache;
  constexpr int kWords = 20'000;  // more than there is room for, so that slots change hands all the time
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 3 * kWords; ++i) {
        const int number = (i * 7 + t * 13) % kWords;
        const std::string word = "word" + std::to_string(number);
        std::vector<std::int32_t> ids;
        if (!cache.Find(word, ids)) {
          cache.Insert(word, std::vector<BpeId>(static_cast<std::size_t>(1 + number % 12), static_cast<BpeId>(number)));
        } else if (ids != std::vector<std::int32_t>(static_cast<std::size_t>(1 + number % 12), number)) {
          ++wrong[static_cast<std::size_t>(t)];
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
}

}  // namespace
}  // namespace hailo_clip
