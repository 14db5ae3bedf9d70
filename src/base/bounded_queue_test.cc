#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace hailo_clip {
namespace {

TEST(BoundedQueue, RefusesWhatDoesNotFitAndLeavesItUntouched) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.TryPush(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.TryPush(std::move(second)));
  EXPECT_EQ(*second, 2);
}

TEST(BoundedQueue, PopsInOrderUpToTheMaximum) {
  BoundedQueue<int> queue(8);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(queue.TryPush(int{i}));
  EXPECT_EQ(queue.PopUpTo(3), (std::vector{0, 1, 2}));
  EXPECT_EQ(queue.Pop(), 3);
  EXPECT_EQ(queue.size(), 1U);
}

TEST(BoundedQueue, DrainsAfterCloseThenEnds) {
  BoundedQueue<int> queue(8);
  ASSERT_TRUE(queue.TryPush(7));
  queue.Close();
  EXPECT_FALSE(queue.TryPush(8));
  EXPECT_EQ(queue.Pop(), 7);
  EXPECT_EQ(queue.Pop(), std::nullopt);
  EXPECT_TRUE(queue.PopUpTo(4).empty());
}

TEST(BoundedQueue, GivesEveryItemToExactlyOneConsumer) {
  BoundedQueue<int> queue(16);
  std::atomic<int> sum = 0;
  std::vector<std::jthread> consumers;
  for (int c = 0; c < 3; ++c)
    consumers.emplace_back([&] {
      while (auto item = queue.Pop()) sum += *item;
    });
  std::vector<std::jthread> producers;
  for (int p = 0; p < 3; ++p)
    producers.emplace_back([&] {
      for (int i = 1; i <= 1000; ++i)
        while (!queue.TryPush(int{i})) std::this_thread::yield();
    });
  producers.clear();
  queue.Close();
  consumers.clear();
  EXPECT_EQ(sum, 3 * 500500);
}

}  // namespace
}  // namespace hailo_clip
