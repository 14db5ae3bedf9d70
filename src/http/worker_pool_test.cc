#include "http/worker_pool.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "base/semaphore.h"

namespace hailo_clip::http {
namespace {

class SteppedClock : public Clock {
 public:
  [[nodiscard]] SteadyTime Now() const override { return SteadyTime(std::chrono::milliseconds(now_ms.load())); }
  std::atomic<int> now_ms = 1;
};

TEST(WorkerPool, RefusesMoreThanItsCapacity) {
  const Clock clock;
  Semaphore go(0);
  WorkerPool pool(2, clock);
  EXPECT_TRUE(pool.TryRun("10.0.0.1", [&] { go.Acquire(); }));
  EXPECT_TRUE(pool.TryRun("10.0.0.1", [&] { go.Acquire(); }));
  EXPECT_FALSE(pool.TryRun("10.0.0.1", [] {}));
  EXPECT_EQ(pool.inside(), 2U);
  go.Release();
  go.Release();
  while (pool.inside() > 0) std::this_thread::yield();
  EXPECT_TRUE(pool.TryRun("10.0.0.1", [] {}));
}

TEST(WorkerPool, RunsWhatIsInsideBeforeItEnds) {
  const Clock clock;
  std::atomic<int> ran = 0;
  {
    WorkerPool pool(100, clock);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.TryRun("10.0.0.1", [&] { ++ran; }));
  }
  EXPECT_EQ(ran, 100);
}

TEST(WorkerPool, FreesWhatTheWorkHoldsBeforeItsPlace) {
  const Clock clock;
  WorkerPool pool(1, clock);
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  ASSERT_TRUE(pool.TryRun("10.0.0.1", [held = std::move(held)] {}));
  while (pool.inside() > 0) std::this_thread::yield();
  EXPECT_TRUE(watch.expired());
}

TEST(WorkerPool, EstimatesTheWaitFromTheMeasuredStay) {
  SteppedClock clock;
  WorkerPool pool(1, clock);
  EXPECT_EQ(pool.RetryAfterSeconds(), 1) << "nothing measured yet";
  ASSERT_TRUE(pool.TryRun("10.0.0.1", [&] { clock.now_ms += 4500; }));
  while (pool.inside() > 0) std::this_thread::yield();
  EXPECT_EQ(pool.RetryAfterSeconds(), 5);
  ASSERT_TRUE(pool.TryRun("10.0.0.1", [&] { clock.now_ms += 1'000'000; }));
  while (pool.inside() > 0) std::this_thread::yield();
  EXPECT_EQ(pool.RetryAfterSeconds(), 60) << "bounded";
}

TEST(WorkerPool, LetsAnotherClientInWhenOneHasTakenAllPlaces) {
  SteppedClock clock;
  Semaphore go(0);
  WorkerPool pool(4, clock);
  const auto hold = [&] { go.Acquire(); };
  const auto leave = [&](std::size_t left) {
    go.Release();
    while (pool.inside() > left) std::this_thread::yield();
  };
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(pool.TryRun("greedy", hold)) << "alone it may have all places";
  EXPECT_FALSE(pool.TryRun("other", hold));
  leave(3);
  EXPECT_FALSE(pool.TryRun("greedy", hold)) << "it has more than its half, and another one waits";
  EXPECT_TRUE(pool.TryRun("other", hold));
  leave(3);
  EXPECT_TRUE(pool.TryRun("greedy", hold)) << "nobody waits any more";
  for (int i = 0; i < 4; ++i) go.Release();
  while (pool.inside() > 0) std::this_thread::yield();
}

TEST(WorkerPool, ForgetsAClientThatDoesNotComeAgain) {
  SteppedClock clock;
  Semaphore go(0);
  WorkerPool pool(2, clock);
  const auto hold = [&] { go.Acquire(); };
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(pool.TryRun("greedy", hold));
  EXPECT_FALSE(pool.TryRun("other", hold));
  clock.now_ms += 3'000;  // it was told to come again after one second
  go.Release();
  while (pool.inside() > 1) std::this_thread::yield();
  EXPECT_TRUE(pool.TryRun("greedy", hold));
  for (int i = 0; i < 2; ++i) go.Release();
  while (pool.inside() > 0) std::this_thread::yield();
}

}  // namespace
}  // namespace hailo_clip::http
