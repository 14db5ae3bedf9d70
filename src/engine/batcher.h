// One encoder of one device, its owner thread, and the queue of work that waits for it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "backend/backend.h"
#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/semaphore.h"
#include "engine/request_context.h"

namespace hailo_clip {

// A picture's pixels [S, S, 3] u8 or a text's token ids.
using EncoderInput = std::variant<std::vector<std::uint8_t>, std::vector<std::int32_t>>;

class EncodeCall;

// Takes what waits, up to the encoder's best batch, whenever the device can take one more: a lone request never waits
// for company, and what arrived while the last batch ran goes next together. Thread-safe.
class Batcher {
 public:
  // At most `capacity` inputs wait; the next one is kBusy.
  Batcher(std::unique_ptr<Encoder> encoder, std::size_t capacity, const Clock& clock);
  ~Batcher();  // encodes what waits, then stops
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  [[nodiscard]] const EncoderInfo& info() const { return info_; }

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
  };

  void Run();
  void SubmitBatch(std::vector<Entry> entries);
  [[nodiscard]] std::vector<Entry> DropDead(std::vector<Entry> entries) const;

  std::unique_ptr<Encoder> encoder_;  // called by owner_ only
  const EncoderInfo info_;
  const Clock& clock_;
  BoundedQueue<Entry> queue_;
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

  // kBusy if the queue is full.
  [[nodiscard]] Status Add(EncoderInput input);

  // The embeddings in the order of Add, as the encoder gave them, once all are there; or the first error. Returns
  // early with kDeadlineExceeded or kCancelled.
  [[nodiscard]] Result<std::vector<std::vector<float>>> Wait();

 private:
  Batcher& batcher_;
  std::shared_ptr<Batcher::Call> call_;
  std::size_t added_ = 0;
};

}  // namespace hailo_clip
