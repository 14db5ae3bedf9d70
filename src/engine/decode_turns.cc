#include "engine/decode_turns.h"

#include <algorithm>
#include <tuple>

namespace hailo_clip {

Result<DecodeTurns::Turn> DecodeTurns::Take(const RequestContext& context) {
  std::unique_lock lock(mutex_);
  const auto self = waiting_.emplace(waiting_.end(), context.priority, context.client);
  GrantNext();
  const auto granted = [&] { return self->granted; };
  const bool in_time = context.deadline == SteadyTime::max()
                           ? self->changed.wait(lock, context.cancelled, granted)
                           : self->changed.wait_until(lock, context.cancelled, context.deadline, granted);
  waiting_.erase(self);
  if (in_time) return Turn(*this, context.client);
  if (context.cancelled.stop_requested()) return Fail(ErrorCode::kCancelled, "the client is gone");
  return Fail(ErrorCode::kDeadlineExceeded, "the request's time ran out before its picture was decoded");
}

void DecodeTurns::GrantNext() {
  const auto rank = [&](const Waiting& waiting) {
    const auto decoding = decoding_.find(waiting.client);
    // Granted ones wait for nothing but their thread to wake up.
    return std::tuple(waiting.granted, waiting.priority, decoding == decoding_.end() ? 0 : decoding->second);
  };
  while (free_ > 0) {
    const auto next = std::ranges::min_element(waiting_, {}, rank);  // the first of equals: by arrival
    if (next == waiting_.end() || next->granted) return;
    next->granted = true;
    --free_;
    ++decoding_[next->client];
    next->changed.notify_one();
  }
}

std::size_t DecodeTurns::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count(waiting_, false, &Waiting::granted));
}

void DecodeTurns::GiveBack(const std::string& client) {
  const std::lock_guard lock(mutex_);
  ++free_;
  const auto decoding = decoding_.find(client);
  if (--decoding->second == 0) decoding_.erase(decoding);
  GrantNext();
}

}  // namespace hailo_clip
