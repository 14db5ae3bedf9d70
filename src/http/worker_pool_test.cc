#include "http/worker_pool.h"

#include <gtest/gtest.h>

#include <memory>

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
  EXPECT_TRUE(pool.TryRun([&] { go.Acquire(); }));
  EXPECT_TRUE(pool.TryRun([&] { go.Acquire(); }));
  EXPECT_FALSE(pool.TryRun([] {}));
  EXPECT_EQ(pool.inside(), 2U);
  go.Release();
  go.Release();
  while (pool.inside() > 0) std::this_thread::yield();
  EXPECT_TRUE(pool.TryRun([] {}));
}

TEST(WorkerPool, RunsWhatIsInsideBeforeItEnds) {
  const Clock clock;
  std::atomic<int> ran = 0;
  {
    WorkerPool pool(100, clock);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.TryRun([&] { ++ran; }));
  }
  EXPECT_EQ(ran, 100);
}

TEST(WorkerPool, FreesWhatTheWorkHoldsBeforeItsPlace) {
  const Clock clock;
  WorkerPool pool(1, clock);
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  ASSERT_TRUE(pool.TryRun([held = std::move(held)] {}));
  while (pool.inside() > 0) std::this_thread::yield();
  EXPECT_TRUE(watch.expired());
}

TEST(WorkerPool, EstimatesTheWaitFromTheMeasuredStay) {
  SteppedClock clock;
  WorkerPool pool(1, clock);
  EXPECT_EQ(pool.RetryAfterSeconds(), 1) << "nothing measured yet";
  ASSERT_TRUE(pool.TryRun([&] { clock.now_ms += 4500; }));
  while (pool.inside() > 0) std::this_thread::yield();
  EXPECT_EQ(pool.RetryAfterSeconds(), 5);
  ASSERT_TRUE(pool.TryRun([&] { clock.now_ms += 1'000'000; }));
  while (pool.inside() > 0) std::this_thread::yield();
  EXPECT_EQ(pool.RetryAfterSeconds(), 60) << "bounded";
}

}  // namespace
}  // namespace hailo_clip::http
