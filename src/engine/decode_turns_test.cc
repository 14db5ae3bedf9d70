#include "engine/decode_turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hailo_clip {
namespace {

RequestContext Of(std::string client, Priority priority = Priority::kInteractive) {
  RequestContext context;
  context.client = std::move(client);
  context.priority = priority;
  return context;
}

// Threads that wait for a turn, one after another, and the order in which they got it.
class Queue {
 public:
  explicit Queue(DecodeTurns& turns) : turns_(turns) {}

  // Returns when it waits.
  void Add(const std::string& name, const RequestContext& context) {
    const std::size_t before = turns_.waiting();
    threads_.emplace_back([this, name, context] {
      const auto turn = turns_.Take(context);
      const std::lock_guard lock(mutex_);
      order_.push_back(turn.has_value() ? name : turn.error().message);
    });
    while (turns_.waiting() == before) std::this_thread::yield();
  }

  std::vector<std::string> Finish() {
    threads_.clear();
    return order_;
  }

 private:
  DecodeTurns& turns_;
  std::mutex mutex_;
  std::vector<std::string> order_;
  std::vector<std::jthread> threads_;
};

TEST(DecodeTurns, AreAsManyAsThereArePlaces) {
  DecodeTurns turns(2);
  RequestContext now = Of("a");
  now.deadline = std::chrono::steady_clock::now();
  const auto one = turns.Take(Of("a"));
  {
    const auto two = turns.Take(Of("a"));
    const auto three = turns.Take(now);
    ASSERT_FALSE(three.has_value());
    EXPECT_EQ(three.error().code, ErrorCode::kDeadlineExceeded);
  }
  EXPECT_TRUE(turns.Take(now).has_value()) << "a place that is given back, and free at once, needs no waiting";
  EXPECT_EQ(turns.waiting(), 0U);
}

TEST(DecodeTurns, InteractivePicturesGoBeforeBulkOnes) {
  DecodeTurns turns(1);
  Queue queue(turns);
  {
    const auto held = turns.Take(Of("x"));
    queue.Add("bulk 1", Of("a", Priority::kBulk));
    queue.Add("bulk 2", Of("b", Priority::kBulk));
    queue.Add("interactive", Of("a"));
  }
  EXPECT_EQ(queue.Finish(), (std::vector<std::string>{"interactive", "bulk 1", "bulk 2"}));
}

TEST(DecodeTurns, AClientWithALongListLetsOthersIn) {
  DecodeTurns turns(2);
  Queue queue(turns);
  {
    const auto first = turns.Take(Of("batch"));
    {
      const auto second = turns.Take(Of("batch"));
      queue.Add("batch 3", Of("batch"));
      queue.Add("single", Of("single"));
    }
    // One of the client's two pictures is still being decoded.
    while (turns.waiting() > 0) std::this_thread::yield();
  }
  EXPECT_EQ(queue.Finish().front(), "single");
}

TEST(DecodeTurns, WhoseClientLeavesWaitsNoLonger) {
  DecodeTurns turns(1);
  Queue queue(turns);
  std::stop_source gone;
  RequestContext context = Of("a");
  context.cancelled = gone.get_token();
  const auto held = turns.Take(Of("x"));
  queue.Add("a", context);
  gone.request_stop();
  EXPECT_EQ(queue.Finish(), std::vector<std::string>{"the client is gone"});
}

TEST(DecodeTurns, ManyThreadsNeverHoldMoreThanThePlaces) {
  DecodeTurns turns(3);
  std::atomic<int> inside = 0, most = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          const auto turn =
              turns.Take(Of(std::to_string(t % 3), t % 2 == 0 ? Priority::kBulk : Priority::kInteractive));
          const int now = ++inside;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          --inside;
        }
      });
  }
  EXPECT_LE(most, 3);
  EXPECT_EQ(turns.waiting(), 0U);
}

}  // namespace
}  // namespace hailo_clip
