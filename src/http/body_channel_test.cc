#include "http/body_channel.h"

#include <gtest/gtest.h>

#include <stop_token>
#include <thread>

namespace hailo_clip::http {
namespace {

TEST(BodyChannel, HandsOverWhatWasWrittenAndThenTheEnd) {
  int woken = 0;
  BodyChannel channel(100, {}, [&] { ++woken; });
  EXPECT_EQ(channel.Take(), "");
  EXPECT_TRUE(channel.Write("a"));
  EXPECT_TRUE(channel.Write("b"));
  EXPECT_EQ(channel.Take(), "ab");
  channel.Close("c");
  EXPECT_EQ(channel.Take(), "c");
  EXPECT_EQ(channel.Take(), std::nullopt);
  EXPECT_EQ(woken, 3);
}

TEST(BodyChannel, AWriterWaitsForRoom) {
  BodyChannel channel(4, {}, [] {});
  EXPECT_TRUE(channel.Write("12345"));  // there was room for a byte
  std::jthread writer([&] {
    EXPECT_TRUE(channel.Write("6"));
    channel.Close("");
  });
  std::string all;
  while (const auto piece = channel.Take()) {
    EXPECT_LE(piece->size(), 5U);
    all += *piece;
  }
  EXPECT_EQ(all, "123456");
}

TEST(BodyChannel, AWriterGivesUpWhenItIsCancelled) {
  std::stop_source stop;
  BodyChannel channel(1, {.cancelled = stop.get_token()}, [] {});
  EXPECT_TRUE(channel.Write("1"));
  std::jthread writer([&] { EXPECT_FALSE(channel.Write("2")); });
  stop.request_stop();
  writer.join();
  EXPECT_EQ(channel.Take(), "1");
  EXPECT_FALSE(channel.Write("3")) << "there would be room, but nobody to read it";
}

TEST(BodyChannel, AWriterGivesUpAtTheDeadlineButTheLastPieceStillGoes) {
  BodyChannel channel(1, {.deadline = std::chrono::steady_clock::now()}, [] {});
  EXPECT_TRUE(channel.Write("1")) << "room costs no time";
  EXPECT_FALSE(channel.Write("2"));
  channel.Close("3");
  EXPECT_EQ(channel.Take(), "13");
}

}  // namespace
}  // namespace hailo_clip::http
