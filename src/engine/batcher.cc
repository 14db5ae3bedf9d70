#include "engine/batcher.h"

#include <pthread.h>

#include <atomic>
#include <optional>
#include <span>
#include <utility>

#include "engine/batch_choice.h"

namespace hailo_clip {
namespace {

std::size_t LengthOf(const EncoderInput& input) {
  return std::visit([](const auto& values) { return values.size(); }, input);
}

std::size_t BytesOf(const EncoderInput& input) {
  return std::visit([](const auto& values) { return std::span(values).size_bytes(); }, input);
}

double SecondsBetween(SteadyTime from, SteadyTime to) { return MillisecondsBetween(from, to) / 1000; }

}  // namespace

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

Batcher::Batcher(std::unique_ptr<Encoder> encoder, const QueueLimits& limits, const Clock& clock,
                 EncoderMetrics metrics)
    : encoder_(std::move(encoder)),
      info_(encoder_->info()),
      limits_(limits),
      clock_(clock),
      metrics_(metrics),
      free_slots_(static_cast<std::size_t>(info_.max_in_flight)),
      owner_([this] { Run(); }) {}

Batcher::~Batcher() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  owner_.join();
  encoder_.reset();  // waits for what the device still has, while everything its callbacks touch is alive
}

bool Batcher::Fits(std::size_t bytes) const {
  return waiting_.empty() || (waiting_.size() < limits_.inputs && waiting_bytes_ + bytes <= limits_.bytes);
}

Status Batcher::Push(std::vector<Entry> entries, bool may_wait, std::size_t& pushed) {
  Status status;
  {
    std::unique_lock lock(mutex_);
    for (auto entry = entries.begin(); entry != entries.end() && status.has_value(); ++entry) {
      status = PushLocked(lock, std::move(*entry), may_wait);
      if (status.has_value()) ++pushed;
      may_wait = true;
    }
  }
  changed_.notify_all();
  return status;
}

Status Batcher::PushLocked(std::unique_lock<std::mutex>& lock, Entry entry, bool may_wait) {
  const std::size_t bytes = BytesOf(entry.input);
  const RequestContext& context = entry.call->context;
  if (may_wait && !closed_ && !Fits(bytes)) {
    changed_.notify_all();  // of what was pushed under this lock: only the owner makes room
    const auto ready = [&] { return closed_ || Fits(bytes); };
    if (context.deadline == SteadyTime::max())
      static_cast<void>(changed_.wait(lock, context.cancelled, ready));
    else
      static_cast<void>(changed_.wait_until(lock, context.cancelled, context.deadline, ready));
  }
  if (may_wait && context.cancelled.stop_requested()) return Fail(ErrorCode::kCancelled, "the client is gone");
  if (closed_) return Fail(ErrorCode::kUnavailable, "the service stops");
  if (!Fits(bytes)) {
    if (may_wait) return Fail(ErrorCode::kDeadlineExceeded, "the request's time ran out in the queue");
    return Fail(ErrorCode::kBusy, "too many inputs wait for the encoder; try again later");
  }
  entry.queued = clock_.Now();
  if (waiting_.empty() && in_flight_ == 0) progress_ = entry.queued;
  waiting_.push_back(std::move(entry));
  waiting_bytes_ += bytes;
  if (metrics_.waiting != nullptr) metrics_.waiting->Set(static_cast<double>(waiting_.size()));
  return {};
}

void Batcher::Run() {
  ::pthread_setname_np(::pthread_self(), "encoder");  // as ps and top show it
  while (true) {
    free_slots_.Acquire();
    std::vector<Entry> entries = Take();
    if (entries.empty()) return;
    SubmitBatch(std::move(entries));
  }
}

std::vector<Batcher::Entry> Batcher::Take() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (std::vector<Entry> dead = TakeDead(); !dead.empty()) {
      lock.unlock();
      Refuse(dead);  // wakes their callers, so not under the lock
      lock.lock();
      continue;
    }
    if (waiting_.empty()) return {};
    std::vector<WaitingInput> candidates;
    candidates.reserve(waiting_.size());
    for (const Entry& entry : waiting_)
      candidates.push_back({.priority = entry.call->context.priority,
                            .deadline = entry.call->context.deadline,
                            .client = entry.call->context.client,
                            .length = info_.cost_grows_with_length ? LengthOf(entry.input) : 0});
    std::vector<Entry> chosen;
    for (const std::size_t i : ChooseBatch(candidates, static_cast<std::size_t>(info_.best_batch)))
      chosen.push_back(std::move(waiting_[i]));
    RemoveMoved();
    lock.unlock();
    changed_.notify_all();  // there is room
    return chosen;
  }
}

// Those that nobody waits for any more, or that are too late.
std::vector<Batcher::Entry> Batcher::TakeDead() {
  std::vector<Entry> dead;
  const SteadyTime now = clock_.Now();
  for (Entry& entry : waiting_) {
    const Call& call = *entry.call;
    if (call.abandoned || call.context.cancelled.stop_requested() || call.context.deadline <= now)
      dead.push_back(std::move(entry));
  }
  if (!dead.empty()) RemoveMoved();
  return dead;
}

// Entries without a call were moved out.
void Batcher::RemoveMoved() {
  std::erase_if(waiting_, [](const Entry& entry) { return entry.call == nullptr; });
  waiting_bytes_ = 0;
  for (const Entry& entry : waiting_) waiting_bytes_ += BytesOf(entry.input);
  if (metrics_.waiting != nullptr) metrics_.waiting->Set(static_cast<double>(waiting_.size()));
}

void Batcher::Refuse(const std::vector<Entry>& dead) const {
  for (const Entry& entry : dead) {
    Count(metrics_.dropped);
    if (entry.call->context.cancelled.stop_requested())
      entry.call->Finish(entry.index, Fail(ErrorCode::kCancelled, "the client is gone"));
    else
      entry.call->Finish(entry.index, Fail(ErrorCode::kDeadlineExceeded, "the request's time ran out in the queue"));
  }
}

void Batcher::CountInFlight(int change) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.Now();
  if (in_flight_ > 0) Count(metrics_.busy_seconds, SecondsBetween(busy_since_, now));
  busy_since_ = now;
  progress_ = now;
  in_flight_ += change;
}

std::chrono::milliseconds Batcher::StalledFor() const {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty() && in_flight_ == 0) return std::chrono::milliseconds(0);
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Now() - progress_);
}

void Batcher::SubmitBatch(std::vector<Entry> entries) {
  auto shared = std::make_shared<std::vector<Entry>>(std::move(entries));  // owns what the batch's spans look at
  const SteadyTime submitted = clock_.Now();
  Observe(metrics_.batch_size, static_cast<double>(shared->size()));
  for (const Entry& entry : *shared) Observe(metrics_.queue_seconds, SecondsBetween(entry.queued, submitted));
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
  CountInFlight(1);
  encoder_->Submit(batch, [this, shared, submitted](Result<Embeddings> result) {
    Observe(metrics_.device_seconds, SecondsBetween(submitted, clock_.Now()));
    CountInFlight(-1);
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
  HC_TRY(call.Add(std::move(inputs)));
  return call.Wait();
}

EncodeCall::EncodeCall(Batcher& batcher, RequestContext context)
    : batcher_(batcher), call_(std::make_shared<Batcher::Call>()) {
  call_->context = std::move(context);
}

EncodeCall::~EncodeCall() { call_->abandoned = true; }

Status EncodeCall::Add(EncoderInput input) {
  std::vector<EncoderInput> one;
  one.push_back(std::move(input));
  return Add(std::move(one));
}

Status EncodeCall::Add(std::vector<EncoderInput> inputs) {
  std::vector<Batcher::Entry> entries;
  entries.reserve(inputs.size());
  for (EncoderInput& input : inputs)
    entries.push_back({.call = call_, .index = added_ + entries.size(), .input = std::move(input)});
  return batcher_.Push(std::move(entries), added_ > 0, added_);
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
