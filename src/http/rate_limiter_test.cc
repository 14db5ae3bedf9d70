#include "http/rate_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace hailo_clip::http {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

// How many of `tries` requests at the same time pass.
int Passed(RateLimiter& limiter, std::string_view client, const RateLimit& limit, SteadyTime now, int tries) {
  int passed = 0;
  for (int i = 0; i < tries; ++i) passed += limiter.Take(client, limit, now) == 0s ? 1 : 0;
  return passed;
}

TEST(RateLimiter, LetsABurstPassAndThenTheRate) {
  RateLimiter limiter(8);
  const RateLimit limit{.per_second = 2, .burst = 5};
  EXPECT_EQ(Passed(limiter, "a", limit, kStart, 9), 5);
  EXPECT_EQ(Passed(limiter, "a", limit, kStart + 1s, 9), 2);
  EXPECT_EQ(Passed(limiter, "a", limit, kStart + 1500ms, 9), 1);
}

TEST(RateLimiter, NeverHoldsMoreThanABurst) {
  RateLimiter limiter(8);
  const RateLimit limit{.per_second = 2, .burst = 5};
  EXPECT_EQ(Passed(limiter, "a", limit, kStart, 1), 1);
  EXPECT_EQ(Passed(limiter, "a", limit, kStart + 24h, 20), 5);
}

TEST(RateLimiter, SaysWhenTheNextMayCome) {
  RateLimiter limiter(8);
  const RateLimit limit{.per_second = 0.25, .burst = 1};
  EXPECT_EQ(limiter.Take("a", limit, kStart), 0s);
  EXPECT_EQ(limiter.Take("a", limit, kStart), 4s);
  EXPECT_EQ(limiter.Take("a", limit, kStart + 2s), 2s);
  EXPECT_EQ(limiter.Take("a", limit, kStart + 3900ms), 1s);
  EXPECT_EQ(limiter.Take("a", limit, kStart + 4s), 0s) << "refused requests cost nothing";
  EXPECT_EQ(limiter.Take("a", {.per_second = 1e-9, .burst = 1}, kStart + 4s), 24h);
}

TEST(RateLimiter, CountsEachClientForItself) {
  RateLimiter limiter(8);
  const RateLimit limit{.per_second = 1, .burst = 3};
  EXPECT_EQ(Passed(limiter, "a", limit, kStart, 9), 3);
  EXPECT_EQ(Passed(limiter, "b", limit, kStart, 9), 3);
}

TEST(RateLimiter, WithoutARateAllPassAndNobodyIsRemembered) {
  RateLimiter limiter(8);
  EXPECT_EQ(Passed(limiter, "a", {.per_second = 0, .burst = 1}, kStart, 1000), 1000);
  EXPECT_EQ(limiter.size(), 0U);
}

TEST(RateLimiter, ForgetsTheClientThatWasSilentLongest) {
  RateLimiter limiter(2);
  const RateLimit limit{.per_second = 1, .burst = 1};
  EXPECT_EQ(Passed(limiter, "a", limit, kStart, 2), 1);
  EXPECT_EQ(Passed(limiter, "b", limit, kStart, 2), 1);
  EXPECT_EQ(Passed(limiter, "a", limit, kStart, 1), 0);
  EXPECT_EQ(Passed(limiter, "c", limit, kStart, 2), 1) << "displaces b";
  EXPECT_EQ(Passed(limiter, "a", limit, kStart, 1), 0);
  EXPECT_EQ(Passed(limiter, "b", limit, kStart, 1), 1);
  EXPECT_EQ(limiter.size(), 2U);
}

TEST(RateLimiter, RemembersNoMoreThanItsCapacity) {
  RateLimiter limiter(100);
  for (int i = 0; i < 10'000; ++i)
    EXPECT_EQ(limiter.Take(std::to_string(i), {.per_second = 1, .burst = 1}, kStart), 0s);
  EXPECT_EQ(limiter.size(), 100U);
}

TEST(RateLimiter, TakesOverALimitThatChanged) {
  RateLimiter limiter(8);
  EXPECT_EQ(Passed(limiter, "a", {.per_second = 1, .burst = 10}, kStart, 2), 2);
  EXPECT_EQ(Passed(limiter, "a", {.per_second = 1, .burst = 3}, kStart, 9), 3);
}

TEST(RateLimiter, ATimeThatWasTakenEarlierGivesNothingBack) {
  RateLimiter limiter(8);
  const RateLimit limit{.per_second = 1, .burst = 2};
  EXPECT_EQ(Passed(limiter, "a", limit, kStart, 2), 2);
  EXPECT_EQ(limiter.Take("a", limit, kStart - 10s), 1s);
  EXPECT_EQ(Passed(limiter, "a", limit, kStart + 1s, 2), 1);
}

TEST(RateLimiter, CountsExactlyFromManyThreads) {
  RateLimiter limiter(8);
  const RateLimit limit{.per_second = 1, .burst = 100};
  std::atomic<int> passed = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { passed += Passed(limiter, "a", limit, kStart, 50); });
  }
  EXPECT_EQ(passed, 100);
}

}  // namespace
}  // namespace hailo_clip::http
