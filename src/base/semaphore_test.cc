#include "base/semaphore.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace hailo_clip {
namespace {

TEST(Semaphore, LetsAsManyInAsItCounts) {
  Semaphore semaphore(2);
  semaphore.Acquire();
  semaphore.Acquire();
  EXPECT_FALSE(semaphore.AcquireUntil(std::chrono::steady_clock::now(), {}));
  semaphore.Release();
  EXPECT_TRUE(semaphore.AcquireUntil(std::chrono::steady_clock::now(), {}));
}

TEST(Semaphore, WhoIsToldToStopDoesNotWait) {
  Semaphore semaphore(0);
  std::stop_source stop;
  std::jthread waiting([&] { EXPECT_FALSE(semaphore.AcquireUntil(SteadyTime::max(), stop.get_token())); });
  stop.request_stop();
}

// Each side releases one and waits for the other.
TEST(Semaphore, LosesNoWakeUp) {
  Semaphore ping(0), pong(0);
  constexpr int kRounds = 20'000;
  std::jthread other([&] {
    for (int i = 0; i < kRounds; ++i) {
      ping.Acquire();
      pong.Release();
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    ping.Release();
    pong.Acquire();
  }
}

TEST(Semaphore, KeepsItsCountAmongManyThreads) {
  Semaphore semaphore(3);
  std::atomic<int> inside = 0, most = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
          semaphore.Acquire();
          const int now = ++inside;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          --inside;
          semaphore.Release();
        }
      });
  }
  EXPECT_LE(most, 3);
  EXPECT_TRUE(semaphore.AcquireUntil(std::chrono::steady_clock::now(), {}));
}

}  // namespace
}  // namespace hailo_clip
