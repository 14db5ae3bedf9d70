// The models that requests may name besides the one that always serves.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/loaded_model.h"
#include "engine/model_identity.h"
#include "engine/request_context.h"

namespace hailo_clip {

// A model in memory that has passed its self-test. Whoever holds it may use it, even after it was unloaded.
struct ServedModel {
  std::shared_ptr<LoadedModel> model;
  ModelIdentity identity;
};

enum class PooledState { kUnloaded, kLoading, kLoaded, kFailed };

struct PooledModel {
  std::string name;
  PooledState state = PooledState::kUnloaded;
  std::string reason;        // of kFailed
  ModelIdentity identity;    // since the first load; before that only the name
  std::uintmax_t bytes = 0;  // what loading it added to the process; kept after it was unloaded
};

// Loads each model when it is first asked for, or at the start, one at a time and never twice. When they need more than
// `max_bytes` together, the ones that were used the longest time ago are unloaded; requests that still use one finish
// first, and only then is its memory free. Thread-safe.
class ModelPool {
 public:
  // Finds, opens and tests a model; called from the thread of whoever asks first, never twice at once.
  using Loader = std::function<Result<ServedModel>(const std::string& name)>;

  // max_bytes 0: no limit.
  ModelPool(std::vector<std::string> names, std::uintmax_t max_bytes, Loader loader, const Logger& logger,
            const Clock& clock);

  // Takes a name out: the model that turned out to be the main one is not loaded twice. Before the first Use.
  void Exclude(std::string_view name);

  [[nodiscard]] bool Has(std::string_view name) const;

  // The model, loaded now if it is not in memory; waits while somebody else loads it, until the deadline. kNotFound if
  // the pool has no such name; kUnavailable if it cannot be loaded, also for the next seconds, so that a model that
  // fails is not tried again by every request.
  [[nodiscard]] Result<ServedModel> Use(std::string_view name, const RequestContext& context);

  // Loads what fits, in the order given; failures are logged and stay visible in models().
  void LoadAll();

  [[nodiscard]] std::vector<PooledModel> models() const;
  [[nodiscard]] std::chrono::milliseconds StalledFor() const;  // the longest of those in memory

 private:
  struct Slot {
    PooledModel model;
    std::shared_ptr<LoadedModel> loaded;
    std::uint64_t last_used = 0;  // of uses_
    SteadyTime retry_at;          // of kFailed
  };

  [[nodiscard]] Slot* Find(std::string_view name);
  [[nodiscard]] Status WaitForTurn(std::unique_lock<std::mutex>& lock, const Slot& slot, const RequestContext& context);
  [[nodiscard]] Result<ServedModel> Load(std::unique_lock<std::mutex>& lock, Slot& slot);
  void Unload(Slot& slot);
  // Unloads others, the least recently used first, until `slot` fits beside the rest.
  void MakeRoom(const Slot& slot);
  [[nodiscard]] std::uintmax_t LoadedBytes() const;

  const std::uintmax_t max_bytes_;
  const Loader loader_;
  const Logger& logger_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool loading_ = false;  // one load at a time: two at once would need the memory of both
  std::uint64_t uses_ = 0;
  std::vector<Slot> slots_;  // never resized after Exclude
};

}  // namespace hailo_clip
