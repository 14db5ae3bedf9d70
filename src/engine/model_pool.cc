#include "engine/model_pool.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/process_memory.h"

namespace hailo_clip {
namespace {

constexpr std::chrono::seconds kRetryAfter{10};
constexpr std::uintmax_t kMegabyte = 1'000'000;

}  // namespace

ModelPool::ModelPool(std::vector<std::string> names, std::uintmax_t max_bytes, Loader loader, const Logger& logger,
                     const Clock& clock)
    : max_bytes_(max_bytes), loader_(std::move(loader)), logger_(logger), clock_(clock) {
  for (std::string& name : names)
    if (Find(name) == nullptr) slots_.push_back({.model = {.name = std::move(name)}});
}

void ModelPool::Exclude(std::string_view name) {
  const std::lock_guard lock(mutex_);
  std::erase_if(slots_, [&](const Slot& slot) { return EqualModelNames(slot.model.name, name); });
}

bool ModelPool::Has(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(slots_, [&](const Slot& slot) { return EqualModelNames(slot.model.name, name); });
}

ModelPool::Slot* ModelPool::Find(std::string_view name) {
  const auto found =
      std::ranges::find_if(slots_, [&](const Slot& slot) { return EqualModelNames(slot.model.name, name); });
  return found == slots_.end() ? nullptr : &*found;
}

Result<ServedModel> ModelPool::Use(std::string_view name, const RequestContext& context) {
  std::unique_lock lock(mutex_);
  Slot* slot = Find(name);
  if (slot == nullptr) return Fail(ErrorCode::kNotFound, "no model '{}' is served", name);
  slot->last_used = ++uses_;
  HC_TRY(WaitForTurn(lock, *slot, context));
  if (slot->loaded != nullptr) return ServedModel{slot->loaded, slot->model.identity};
  if (slot->model.state == PooledState::kFailed && clock_.Now() < slot->retry_at)
    return Fail(ErrorCode::kUnavailable, "model '{}' cannot be loaded: {}", slot->model.name, slot->model.reason);
  return Load(lock, *slot);
}

// Until the model is there or nothing is being loaded.
Status ModelPool::WaitForTurn(std::unique_lock<std::mutex>& lock, const Slot& slot, const RequestContext& context) {
  const auto ready = [&] { return slot.loaded != nullptr || !loading_; };
  const bool bounded = context.deadline != SteadyTime::max();
  const bool done = bounded ? changed_.wait_until(lock, context.cancelled, context.deadline, ready)
                            : changed_.wait(lock, context.cancelled, ready);
  if (done) return {};
  if (context.cancelled.stop_requested()) return Fail(ErrorCode::kCancelled, "the client is gone");
  return Fail(ErrorCode::kDeadlineExceeded, "the request's time ran out while model '{}' was loaded", slot.model.name);
}

Result<ServedModel> ModelPool::Load(std::unique_lock<std::mutex>& lock, Slot& slot) {
  MakeRoom(slot);
  loading_ = true;
  slot.model.state = PooledState::kLoading;
  lock.unlock();
  const std::uintmax_t before = ProcessMemory("VmRSS");
  auto served = loader_(slot.model.name);
  ::malloc_trim(0);
  const std::uintmax_t after = ProcessMemory("VmRSS");
  lock.lock();
  loading_ = false;
  if (served.has_value()) {
    slot.loaded = served->model;
    slot.model = {
        .name = slot.model.name,
        .state = PooledState::kLoaded,
        .reason = {},
        .identity = served->identity,
        // Memory that was free in the process counts too, so it is at least what its files weigh.
        .bytes = std::max({slot.model.bytes, after > before ? after - before : 0, served->model->encoder_bytes()})};
    MakeRoom(slot);  // the first load has shown what it needs
  } else {
    slot.model.state = PooledState::kFailed;
    slot.model.reason = served.error().message;
    slot.retry_at = clock_.Now() + kRetryAfter;
    served = Fail(ErrorCode::kUnavailable, "model '{}' cannot be loaded: {}", slot.model.name, slot.model.reason);
    logger_.Error("model not loaded", {{"model", slot.model.name}, {"reason", slot.model.reason}});
  }
  changed_.notify_all();
  return served;
}

void ModelPool::MakeRoom(const Slot& slot) {
  if (max_bytes_ == 0) return;
  const std::uintmax_t wanted = slot.loaded != nullptr ? 0 : slot.model.bytes;
  while (LoadedBytes() + wanted > max_bytes_) {
    Slot* oldest = nullptr;
    for (Slot& other : slots_)
      if (&other != &slot && other.loaded != nullptr && (oldest == nullptr || other.last_used < oldest->last_used))
        oldest = &other;
    if (oldest == nullptr) return;
    Unload(*oldest);
  }
}

void ModelPool::Unload(Slot& slot) {
  logger_.Info("model unloaded", {{"model", slot.model.name}, {"megabytes", slot.model.bytes / kMegabyte}});
  slot.loaded.reset();
  slot.model.state = PooledState::kUnloaded;
}

std::uintmax_t ModelPool::LoadedBytes() const {
  std::uintmax_t bytes = 0;
  for (const Slot& slot : slots_)
    if (slot.loaded != nullptr) bytes += slot.model.bytes;
  return bytes;
}

std::chrono::milliseconds ModelPool::StalledFor() const {
  std::vector<std::shared_ptr<LoadedModel>> models;
  {
    const std::lock_guard lock(mutex_);
    for (const Slot& slot : slots_)
      if (slot.loaded != nullptr) models.push_back(slot.loaded);
  }
  std::chrono::milliseconds longest{0};
  for (const auto& model : models) longest = std::max(longest, model->StalledFor());
  return longest;
}

void ModelPool::LoadAll() {
  for (Slot& slot : slots_) {
    std::unique_lock lock(mutex_);
    if (slot.loaded != nullptr || loading_) continue;
    if (max_bytes_ != 0 && LoadedBytes() >= max_bytes_) return;
    slot.last_used = ++uses_;
    static_cast<void>(Load(lock, slot));  // said in the log and in models()
  }
}

std::vector<PooledModel> ModelPool::models() const {
  const std::lock_guard lock(mutex_);
  std::vector<PooledModel> models;
  for (const Slot& slot : slots_) models.push_back(slot.model);
  return models;
}

}  // namespace hailo_clip
