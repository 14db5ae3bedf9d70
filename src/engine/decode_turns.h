// Who decodes next: as many pictures at a time as the processor is worth, the rest wait for a turn.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/result.h"
#include "engine/request_context.h"

namespace hailo_clip {

// The batcher's rules, one stage before it: interactive pictures go before bulk ones; then the client goes first that
// is decoding the fewest now, so that one with a long list does not hold up one with a single picture; then who came
// first. Thread-safe; outlives its turns.
class DecodeTurns {
 public:
  // `places` >= 1: pictures that are decoded at a time.
  explicit DecodeTurns(std::size_t places) : free_(places) {}
  DecodeTurns(const DecodeTurns&) = delete;
  DecodeTurns& operator=(const DecodeTurns&) = delete;

  // Holds a place for as long as it lives.
  class Turn {
   public:
    Turn(DecodeTurns& turns, std::string client) : turns_(&turns), client_(std::move(client)) {}
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), client_(std::move(other.client_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->GiveBack(client_);
    }

   private:
    DecodeTurns* turns_;
    std::string client_;
  };

  // Waits for a place: kCancelled if the client left meanwhile, kDeadlineExceeded if the time ran out.
  [[nodiscard]] Result<Turn> Take(const RequestContext& context);

  // Pictures without a place.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Waiting {
    Priority priority;
    std::string client;
    bool granted = false;
    // Its own: one turn wakes one thread, not all that wait.
    std::condition_variable_any changed = {};
  };

  void GiveBack(const std::string& client);
  void GrantNext();  // with mutex_ held

  mutable std::mutex mutex_;
  std::size_t free_;
  std::list<Waiting> waiting_;                   // by arrival
  std::map<std::string, std::size_t> decoding_;  // by client; none is zero
};

}  // namespace hailo_clip
