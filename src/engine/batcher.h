// One encoder of one device, its owner thread, and the work that waits for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/semaphore.h"
#include "engine/metrics.h"
#include "engine/request_context.h"

namespace hailo_clip {

// A picture's pixels [S, S, 3] u8 or a text's token ids.
using EncoderInput = std::variant<std::vector<std::uint8_t>, std::vector<std::int32_t>>;

class EncodeCall;

// What may wait for one encoder; what does not fit is kBusy.
struct QueueLimits {
  std::size_t inputs = 4096;
  std::size_t bytes = std::size_t{64} << 20U;  // of pixels and token ids
};

// Takes the most urgent of what waits (ChooseBatch), up to the encoder's best batch, whenever the device can take one
// more: a lone request never waits for company, and what arrived while the last batch ran goes next together.
// Thread-safe.
class Batcher {
 public:
  Batcher(std::unique_ptr<Encoder> encoder, const QueueLimits& limits, const Clock& clock, EncoderMetrics metrics = {});
  ~Batcher();  // encodes what waits, then stops
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  [[nodiscard]] const EncoderInfo& info() const { return info_; }

  // How long ago it last began or ended a batch, if it has something to do; zero if it has nothing. Grows without end
  // when the encoder hangs.
  [[nodiscard]] std::chrono::milliseconds StalledFor() const;

  // Encodes all inputs and waits; a convenience over EncodeCall.
  [[nodiscard]] Result<std::vector<std::vector<float>>> Encode(std::vector<EncoderInput> inputs,
                                                               const RequestContext& context);

 private:
  friend class EncodeCall;
  struct Call;
  struct Entry {
    std::shared_ptr<Call> call;
    std::size_t index = 0;
    EncoderInput input;
    SteadyTime queued = {};
  };

  [[nodiscard]] bool Fits(std::size_t bytes) const;
  // may_wait is about the first: the others wait for room. Adds to `pushed` how many came to the queue.
  [[nodiscard]] Status Push(std::vector<Entry> entries, bool may_wait, std::size_t& pushed);
  [[nodiscard]] Status PushLocked(std::unique_lock<std::mutex>& lock, Entry entry, bool may_wait);
  void Run();
  // Waits for work; without it only once the batcher closes.
  [[nodiscard]] std::vector<Entry> Take();
  [[nodiscard]] std::vector<Entry> TakeDead();
  void RemoveMoved();
  void Refuse(const std::vector<Entry>& dead) const;
  void SubmitBatch(std::vector<Entry> entries);
  void CountInFlight(int change);

  std::unique_ptr<Encoder> encoder_;  // called by owner_ only
  const EncoderInfo info_;
  const QueueLimits limits_;
  const Clock& clock_;
  const EncoderMetrics metrics_;
  mutable std::mutex mutex_;  // guards what follows, up to progress_
  std::condition_variable_any changed_;
  std::vector<Entry> waiting_;  // in the order of arrival
  std::size_t waiting_bytes_ = 0;
  bool closed_ = false;
  int in_flight_ = 0;
  SteadyTime busy_since_;
  SteadyTime progress_;   // when a batch began or ended, or when work came to an idle batcher
  Semaphore free_slots_;  // batches that the device can still take
  std::jthread owner_;    // last: it uses all of the above
};

// One caller's inputs: Add each as soon as it is ready, then Wait for all. Used by one thread.
class EncodeCall {
 public:
  EncodeCall(Batcher& batcher, RequestContext context);
  ~EncodeCall();  // what still waits is dropped by the batcher
  EncodeCall(const EncodeCall&) = delete;
  EncodeCall& operator=(const EncodeCall&) = delete;

  // With a full queue the first input is kBusy, so that a caller learns it early; further ones wait for room until the
  // deadline.
  [[nodiscard]] Status Add(EncoderInput input);
  // Those that are ready at the same time: the encoder does not begin before all that there is room for are in the
  // queue. After an error the first of them may be there.
  [[nodiscard]] Status Add(std::vector<EncoderInput> inputs);

  // The embeddings in the order of Add, as the encoder gave them, once all are there; or the first error. Returns
  // early with kDeadlineExceeded or kCancelled.
  [[nodiscard]] Result<std::vector<std::vector<float>>> Wait();

 private:
  Batcher& batcher_;
  std::shared_ptr<Batcher::Call> call_;
  std::size_t added_ = 0;
};

}  // namespace hailo_clip
