#include "engine/batcher.h"

#include <atomic>
#include <optional>
#include <utility>

namespace hailo_clip {

// Shared by the caller and the entries that are under way, so that a caller may leave before they are done.
struct Batcher::Call {
  RequestContext context;
  std::atomic<bool> abandoned = false;  // nobody waits any more
  std::mutex mutex;                     // guards what follows
  std::condition_variable_any changed;
  std::size_t done = 0;
  std::vector<std::vector<float>> embeddings;
  std::optional<Error> error;

  void Finish(std::size_t index, Result<std::vector<float>> embedding) {
    {
      const std::lock_guard lock(mutex);
      ++done;
      if (embedding.has_value()) {
        if (embeddings.size() <= index) embeddings.resize(index + 1);
        embeddings[index] = *std::move(embedding);
      } else if (!error.has_value()) {
        error = std::move(embedding).error();
      }
    }
    changed.notify_all();
  }
};

Batcher::Batcher(std::unique_ptr<Encoder> encoder, std::size_t capacity, const Clock& clock)
    : encoder_(std::move(encoder)),
      info_(encoder_->info()),
      clock_(clock),
      queue_(capacity),
      free_slots_(static_cast<std::size_t>(info_.max_in_flight)),
      owner_([this] { Run(); }) {}

Batcher::~Batcher() {
  queue_.Close();
  owner_.join();
  encoder_.reset();  // waits for what the device still has, while everything its callbacks touch is alive
}

void Batcher::Run() {
  while (true) {
    free_slots_.Acquire();
    std::vector<Entry> entries = queue_.PopUpTo(static_cast<std::size_t>(info_.best_batch));
    const bool closed = entries.empty();
    if (!closed) entries = DropDead(std::move(entries));
    if (entries.empty()) {
      free_slots_.Release();
      if (closed) return;
      continue;
    }
    SubmitBatch(std::move(entries));
  }
}

std::vector<Batcher::Entry> Batcher::DropDead(std::vector<Entry> entries) const {
  std::vector<Entry> alive;
  const SteadyTime now = clock_.Now();
  for (Entry& entry : entries) {
    if (entry.call->abandoned) continue;
    if (entry.call->context.cancelled.stop_requested()) {
      entry.call->Finish(entry.index, Fail(ErrorCode::kCancelled, "the client is gone"));
    } else if (entry.call->context.deadline <= now) {
      entry.call->Finish(entry.index, Fail(ErrorCode::kDeadlineExceeded, "the request's time ran out in the queue"));
    } else {
      alive.push_back(std::move(entry));
    }
  }
  return alive;
}

void Batcher::SubmitBatch(std::vector<Entry> entries) {
  auto shared = std::make_shared<std::vector<Entry>>(std::move(entries));  // owns what the batch's spans look at
  Batch batch;
  if (std::holds_alternative<std::vector<std::uint8_t>>(shared->front().input)) {
    ImageBatch images;
    for (const Entry& entry : *shared) images.images.emplace_back(std::get<std::vector<std::uint8_t>>(entry.input));
    batch = std::move(images);
  } else {
    TextBatch texts;
    for (const Entry& entry : *shared) texts.tokens.emplace_back(std::get<std::vector<std::int32_t>>(entry.input));
    batch = std::move(texts);
  }
  encoder_->Submit(batch, [this, shared](Result<Embeddings> result) {
    if (result.has_value() && result->rows() != shared->size())
      result = Fail(ErrorCode::kInternal, "the backend answered {} of {} inputs", result->rows(), shared->size());
    for (std::size_t i = 0; i < shared->size(); ++i) {
      const Entry& entry = (*shared)[i];
      if (!result.has_value()) {
        entry.call->Finish(entry.index, std::unexpected(result.error()));
      } else {
        const auto row = result->row(i);
        entry.call->Finish(entry.index, std::vector<float>(row.begin(), row.end()));
      }
    }
    free_slots_.Release();
  });
}

Result<std::vector<std::vector<float>>> Batcher::Encode(std::vector<EncoderInput> inputs,
                                                        const RequestContext& context) {
  EncodeCall call(*this, context);
  for (EncoderInput& input : inputs) HC_TRY(call.Add(std::move(input)));
  return call.Wait();
}

EncodeCall::EncodeCall(Batcher& batcher, RequestContext context)
    : batcher_(batcher), call_(std::make_shared<Batcher::Call>()) {
  call_->context = std::move(context);
}

EncodeCall::~EncodeCall() { call_->abandoned = true; }

Status EncodeCall::Add(EncoderInput input) {
  Batcher::Entry entry{call_, added_, std::move(input)};
  if (!batcher_.queue_.TryPush(std::move(entry)))
    return Fail(ErrorCode::kBusy, "too many inputs wait for the encoder; try again later");
  ++added_;
  return {};
}

Result<std::vector<std::vector<float>>> EncodeCall::Wait() {
  std::unique_lock lock(call_->mutex);
  const auto finished = [this] { return call_->done == added_ || call_->error.has_value(); };
  const RequestContext& context = call_->context;
  if (context.deadline == SteadyTime::max()) {
    static_cast<void>(call_->changed.wait(lock, context.cancelled, finished));
  } else {
    static_cast<void>(call_->changed.wait_until(lock, context.cancelled, context.deadline, finished));
  }
  if (call_->error.has_value()) return std::unexpected(*call_->error);
  if (call_->done == added_) return std::move(call_->embeddings);
  if (context.cancelled.stop_requested()) return Fail(ErrorCode::kCancelled, "the client is gone");
  return Fail(ErrorCode::kDeadlineExceeded, "the request's time ran out");
}

}  // namespace hailo_clip
