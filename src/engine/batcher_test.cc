#include "engine/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/bounded_queue.h"

namespace hailo_clip {
namespace {

using testing::ElementsAre;

class ManualClock : public Clock {
 public:
  [[nodiscard]] SteadyTime Now() const override { return SteadyTime(std::chrono::milliseconds(now_ms.load())); }
  std::atomic<int> now_ms = 1000;
};

// Keeps every batch until the test finishes it; an embedding is [first token, rows of the batch].
class HeldEncoder : public Encoder {
 public:
  struct Held {
    std::vector<std::vector<std::int32_t>> tokens;
    Done done;
  };
  // Shared with the test, which outlives the batcher's ownership of the encoder.
  struct Device {
    BoundedQueue<Held> submitted{100};
    void Finish(Held held) {
      Embeddings embeddings{.dimension = 2, .values = {}};
      for (const auto& ids : held.tokens) {
        embeddings.values.push_back(static_cast<float>(ids.front()));
        embeddings.values.push_back(static_cast<float>(held.tokens.size()));
      }
      held.done(std::move(embeddings));
    }
  };

  HeldEncoder(std::shared_ptr<Device> device, int best_batch, int max_in_flight)
      : device_(std::move(device)),
        info_{.backend = "held",
              .device = "test",
              .precision = "fp32",
              .dimension = 2,
              .best_batch = best_batch,
              .max_in_flight = max_in_flight} {}
  [[nodiscard]] const EncoderInfo& info() const override { return info_; }
  void Submit(const Batch& batch, Done done) override {
    Held held{{}, std::move(done)};
    for (const auto& ids : std::get<TextBatch>(batch).tokens) held.tokens.emplace_back(ids.begin(), ids.end());
    ASSERT_TRUE(device_->submitted.TryPush(std::move(held)));
  }

 private:
  std::shared_ptr<Device> device_;
  EncoderInfo info_;
};

class BatcherTest : public testing::Test {
 protected:
  void Start(int best_batch, int max_in_flight, std::size_t capacity = 100) {
    batcher_ = std::make_unique<Batcher>(std::make_unique<HeldEncoder>(device_, best_batch, max_in_flight),
                                         QueueLimits{.inputs = capacity}, clock_);
  }
  static EncoderInput Text(std::int32_t id) { return std::vector<std::int32_t>{id}; }

  ManualClock clock_;
  std::shared_ptr<HeldEncoder::Device> device_ = std::make_shared<HeldEncoder::Device>();
  std::unique_ptr<Batcher> batcher_;
};

TEST_F(BatcherTest, SendsALoneInputAtOnceAndThenWhatArrivedMeanwhileTogether) {
  Start(8, 1);
  EncodeCall call(*batcher_, {});
  ASSERT_TRUE(call.Add(Text(1)).has_value());
  auto first = device_->submitted.Pop();  // already at the device
  for (const int id : {2, 3, 4}) ASSERT_TRUE(call.Add(Text(id)).has_value());
  EXPECT_EQ(device_->submitted.size(), 0U);  // the device takes one batch at a time
  device_->Finish(*std::move(first));
  device_->Finish(*device_->submitted.Pop());
  EXPECT_THAT(*call.Wait(), ElementsAre(ElementsAre(1, 1), ElementsAre(2, 3), ElementsAre(3, 3), ElementsAre(4, 3)));
}

TEST_F(BatcherTest, SendsInputsThatComeTogetherTogether) {
  Start(8, 1);
  EncodeCall call(*batcher_, {});
  ASSERT_TRUE(call.Add({Text(1), Text(2), Text(3)}).has_value());
  device_->Finish(*device_->submitted.Pop());
  EXPECT_THAT(*call.Wait(), ElementsAre(ElementsAre(1, 3), ElementsAre(2, 3), ElementsAre(3, 3)));
}

TEST_F(BatcherTest, LetsInputsThatComeTogetherThroughAQueueThatIsShorter) {
  Start(8, 1, 2);
  std::jthread device([this] {
    for (int rows = 0; rows < 5;) {
      auto batch = *device_->submitted.Pop();
      rows += static_cast<int>(batch.tokens.size());
      device_->Finish(std::move(batch));
    }
  });
  EncodeCall call(*batcher_, {});
  ASSERT_TRUE(call.Add({Text(1), Text(2), Text(3), Text(4), Text(5)}).has_value());
  EXPECT_EQ(call.Wait()->size(), 5U);
}

TEST_F(BatcherTest, StallsAsLongAsTheEncoderHangsAndNotWhenThereIsNothingToDo) {
  using std::chrono::milliseconds;
  Start(8, 1);
  clock_.now_ms += 60'000;
  EXPECT_EQ(batcher_->StalledFor(), milliseconds(0));  // idle for a minute
  EncodeCall call(*batcher_, {});
  ASSERT_TRUE(call.Add(Text(1)).has_value());
  auto hanging = device_->submitted.Pop();
  clock_.now_ms += 700;
  ASSERT_TRUE(call.Add(Text(2)).has_value());  // more work is no progress
  clock_.now_ms += 300;
  EXPECT_EQ(batcher_->StalledFor(), milliseconds(1000));
  device_->Finish(*std::move(hanging));
  auto next = device_->submitted.Pop();
  EXPECT_EQ(batcher_->StalledFor(), milliseconds(0));  // a batch ended
  device_->Finish(*std::move(next));
  ASSERT_TRUE(call.Wait().has_value());
}

TEST_F(BatcherTest, KeepsToTheBestBatchAndSubmitsAhead) {
  Start(2, 2);
  EncodeCall call(*batcher_, {});
  for (const int id : {1, 2, 3, 4, 5}) ASSERT_TRUE(call.Add(Text(id)).has_value());
  auto first = device_->submitted.Pop();
  auto second = device_->submitted.Pop();  // submitted before the first is done
  std::size_t seen = 0;
  const auto finish = [&](std::optional<HeldEncoder::Held> held) {
    EXPECT_LE(held->tokens.size(), 2U);
    seen += held->tokens.size();
    device_->Finish(*std::move(held));
  };
  finish(std::move(second));  // out of order
  finish(std::move(first));
  while (seen < 5) finish(device_->submitted.Pop());
  const auto embeddings = call.Wait();
  ASSERT_EQ(embeddings->size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ((*embeddings)[i][0], static_cast<float>(i + 1));
}

TEST_F(BatcherTest, DropsCancelledAndExpiredInputsBeforeTheyReachTheDevice) {
  Start(8, 1);
  EncodeCall running(*batcher_, {});
  ASSERT_TRUE(running.Add(Text(1)).has_value());
  auto first = device_->submitted.Pop();

  std::stop_source gone;
  EncodeCall cancelled(*batcher_, {.cancelled = gone.get_token()});
  ASSERT_TRUE(cancelled.Add(Text(2)).has_value());
  EncodeCall expired(*batcher_, {.deadline = SteadyTime(std::chrono::milliseconds(1500))});
  ASSERT_TRUE(expired.Add(Text(3)).has_value());
  EncodeCall alive(*batcher_, {});
  ASSERT_TRUE(alive.Add(Text(4)).has_value());
  gone.request_stop();
  clock_.now_ms = 2000;
  EXPECT_EQ(cancelled.Wait().error().code, ErrorCode::kCancelled);

  device_->Finish(*std::move(first));
  auto second = device_->submitted.Pop();
  EXPECT_THAT(second->tokens, ElementsAre(ElementsAre(4)));
  device_->Finish(*std::move(second));
  EXPECT_EQ(expired.Wait().error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(*alive.Wait(), ElementsAre(ElementsAre(4, 1)));
  EXPECT_TRUE(running.Wait().has_value());
}

TEST_F(BatcherTest, RefusesACallThatFindsTheQueueFullAndLetsOneThatBeganWaitForRoom) {
  Start(1, 1, 2);
  EncodeCall call(*batcher_, {});
  ASSERT_TRUE(call.Add(Text(1)).has_value());
  auto first = device_->submitted.Pop();  // the queue is empty again
  ASSERT_TRUE(call.Add(Text(2)).has_value());
  ASSERT_TRUE(call.Add(Text(3)).has_value());
  EncodeCall late(*batcher_, {});
  EXPECT_EQ(late.Add(Text(9)).error().code, ErrorCode::kBusy);
  std::jthread device([&] {
    device_->Finish(*std::move(first));
    for (int i = 0; i < 3; ++i) device_->Finish(*device_->submitted.Pop());
  });
  ASSERT_TRUE(call.Add(Text(4)).has_value());  // waits until the device has taken one
  EXPECT_EQ(call.Wait()->size(), 4U);
}

TEST_F(BatcherTest, BoundsTheBytesThatWaitButTakesOneInputOfAnySize) {
  batcher_ = std::make_unique<Batcher>(std::make_unique<HeldEncoder>(device_, 1, 1), QueueLimits{.bytes = 100}, clock_);
  EncodeCall running(*batcher_, {});
  ASSERT_TRUE(running.Add(Text(1)).has_value());
  auto first = device_->submitted.Pop();
  EncodeCall large(*batcher_, {});
  ASSERT_TRUE(large.Add(std::vector<std::int32_t>(1000, 2)).has_value());
  EncodeCall late(*batcher_, {});
  EXPECT_EQ(late.Add(Text(3)).error().code, ErrorCode::kBusy);
  device_->Finish(*std::move(first));
  device_->Finish(*device_->submitted.Pop());
  EXPECT_TRUE(large.Wait().has_value());
}

TEST_F(BatcherTest, GivesUpWaitingForRoomWhenTheClientLeaves) {
  Start(1, 1, 1);
  std::stop_source gone;
  EncodeCall call(*batcher_, {.cancelled = gone.get_token()});
  ASSERT_TRUE(call.Add(Text(1)).has_value());
  auto first = device_->submitted.Pop();
  ASSERT_TRUE(call.Add(Text(2)).has_value());
  gone.request_stop();
  EXPECT_EQ(call.Add(Text(3)).error().code, ErrorCode::kCancelled);
  device_->Finish(*std::move(first));
}

TEST_F(BatcherTest, CountsBatchesWaitingInputsAndTheDevicesBusyTime) {
  prometheus::Registry registry;
  const EncoderMetrics metrics = EngineMetrics(registry).Encoder("model", "text");
  batcher_ = std::make_unique<Batcher>(std::make_unique<HeldEncoder>(device_, 8, 1), QueueLimits{}, clock_, metrics);
  EncodeCall call(*batcher_, {});
  ASSERT_TRUE(call.Add(Text(1)).has_value());
  auto first = device_->submitted.Pop();
  ASSERT_TRUE(call.Add(Text(2)).has_value());
  ASSERT_TRUE(call.Add(Text(3)).has_value());
  EXPECT_EQ(metrics.waiting->Value(), 2);
  clock_.now_ms = 3000;
  device_->Finish(*std::move(first));
  device_->Finish(*device_->submitted.Pop());
  ASSERT_TRUE(call.Wait().has_value());
  EXPECT_EQ(metrics.waiting->Value(), 0);
  EXPECT_EQ(metrics.busy_seconds->Value(), 2);
  const auto sizes = metrics.batch_size->Collect().histogram;
  EXPECT_EQ(sizes.sample_count, 2U);
  EXPECT_EQ(sizes.sample_sum, 3);
}

TEST_F(BatcherTest, GivesAFailureOfTheDeviceToEveryoneInTheBatch) {
  Start(8, 1);
  EncodeCall call(*batcher_, {});
  ASSERT_TRUE(call.Add(Text(1)).has_value());
  device_->submitted.Pop()->done(Fail(ErrorCode::kDeviceLost, "unplugged (62)"));
  EXPECT_EQ(call.Wait().error().message, "unplugged (62)");
}

TEST_F(BatcherTest, RefusesAnAnswerOfTheWrongLength) {
  Start(8, 1);
  EncodeCall call(*batcher_, {});
  ASSERT_TRUE(call.Add(Text(1)).has_value());
  device_->submitted.Pop()->done(Embeddings{.dimension = 2, .values = {1, 2, 3, 4}});
  EXPECT_EQ(call.Wait().error().code, ErrorCode::kInternal);
}

TEST_F(BatcherTest, DropsTheWorkOfACallerThatLeft) {
  Start(8, 1);
  EncodeCall running(*batcher_, {});
  ASSERT_TRUE(running.Add(Text(1)).has_value());
  auto first = device_->submitted.Pop();
  {
    EncodeCall left(*batcher_, {});
    ASSERT_TRUE(left.Add(Text(2)).has_value());
  }
  ASSERT_TRUE(running.Add(Text(3)).has_value());
  device_->Finish(*std::move(first));
  auto second = device_->submitted.Pop();
  EXPECT_THAT(second->tokens, ElementsAre(ElementsAre(3)));
  device_->Finish(*std::move(second));
}

// An encoder that answers inside Submit, as the CPU's does; many callers at once (for the thread sanitizer).
class ImmediateEncoder : public Encoder {
 public:
  [[nodiscard]] const EncoderInfo& info() const override { return info_; }
  void Submit(const Batch& batch, Done done) override {
    Embeddings embeddings{.dimension = 1, .values = {}};
    for (const auto& ids : std::get<TextBatch>(batch).tokens)
      embeddings.values.push_back(static_cast<float>(ids.front()));
    done(std::move(embeddings));
  }

 private:
  EncoderInfo info_{.backend = "immediate", .dimension = 1, .best_batch = 4};
};

TEST(Batcher, GivesEveryCallerItsOwnEmbeddings) {
  const Clock clock;
  Batcher batcher(std::make_unique<ImmediateEncoder>(), {}, clock);
  std::vector<std::jthread> callers;
  std::atomic<int> wrong = 0;
  for (int c = 0; c < 4; ++c)
    callers.emplace_back([&, c] {
      for (int i = 0; i < 200; ++i) {
        const auto embeddings = batcher.Encode({std::vector<std::int32_t>{c}, std::vector<std::int32_t>{i}}, {});
        if (!embeddings.has_value() || (*embeddings)[0][0] != static_cast<float>(c) ||
            (*embeddings)[1][0] != static_cast<float>(i))
          ++wrong;
      }
    });
  callers.clear();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace hailo_clip
