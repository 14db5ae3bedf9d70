#include "base/parallel_for.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

namespace hailo_clip {
namespace {

TEST(ParallelFor, CallsEveryItemOnce) {
  std::vector<std::atomic<int>> calls(1000);
  ParallelFor(calls.size(), 8, [&](std::size_t i) {
    ++calls[i];
    return true;
  });
  for (const auto& count : calls) EXPECT_EQ(count, 1);
}

TEST(ParallelFor, RunsAsManyAtOnceAsAsked) {
  std::latch all_here(4);  // would wait forever with fewer
  ParallelFor(4, 4, [&](std::size_t) {
    all_here.arrive_and_wait();
    return true;
  });
}

TEST(ParallelFor, OneThreadIsTheCallers) {
  const auto caller = std::this_thread::get_id();
  std::vector<std::size_t> order;
  ParallelFor(5, 1, [&](std::size_t i) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    order.push_back(i);
    return true;
  });
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
}

TEST(ParallelFor, DoesNothingForNoItems) {
  ParallelFor(0, 4, [](std::size_t) -> bool { throw std::logic_error("called"); });
}

TEST(ParallelFor, BeginsNoMoreAfterFalse) {
  std::atomic<std::size_t> calls = 0;
  ParallelFor(1000, 4, [&](std::size_t) {
    ++calls;
    return false;
  });
  EXPECT_LE(calls, 4U);
}

TEST(ParallelFor, ThrowsAgainWhatAnItemThrew) {
  std::atomic<std::size_t> calls = 0;
  const auto fail = [&](std::size_t) -> bool {
    ++calls;
    throw std::runtime_error("no");
  };
  EXPECT_THROW(ParallelFor(1000, 4, fail), std::runtime_error);
  EXPECT_LE(calls, 4U);
}

}  // namespace
}  // namespace hailo_clip
