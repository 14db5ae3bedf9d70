// How many bytes of request bodies may be in memory at once, over all connections.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace hailo_clip::http {

class BodyBudget;

// Bytes taken from a budget, given back on destruction. Movable, empty by default. The budget outlives it.
class BodyLease {
 public:
  BodyLease() = default;
  ~BodyLease() { Release(); }
  BodyLease(BodyLease&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  BodyLease& operator=(BodyLease&& other) noexcept {
    if (this != &other) {
      Release();
      budget_ = std::exchange(other.budget_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  BodyLease(const BodyLease&) = delete;
  BodyLease& operator=(const BodyLease&) = delete;

  // Takes what is missing to `bytes`; false, with the lease unchanged, if the budget does not allow it.
  [[nodiscard]] inline bool GrowTo(BodyBudget& budget, std::size_t bytes);
  inline void Release();

 private:
  BodyBudget* budget_ = nullptr;
  std::size_t bytes_ = 0;
};

// Thread-safe.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t capacity) : capacity_(capacity) {}

  void SetCapacity(std::size_t capacity) { capacity_ = capacity; }
  [[nodiscard]] std::size_t in_use() const { return in_use_; }

 private:
  friend class BodyLease;
  [[nodiscard]] bool Take(std::size_t bytes) {
    const std::size_t before = in_use_.fetch_add(bytes);
    if (before + bytes <= capacity_) return true;
    in_use_ -= bytes;
    return false;
  }
  void Return(std::size_t bytes) { in_use_ -= bytes; }

  std::atomic<std::size_t> capacity_;
  std::atomic<std::size_t> in_use_ = 0;
};

bool BodyLease::GrowTo(BodyBudget& budget, std::size_t bytes) {
  if (bytes <= bytes_) return true;
  if (!budget.Take(bytes - bytes_)) return false;
  budget_ = &budget;
  bytes_ = bytes;
  return true;
}

void BodyLease::Release() {
  if (budget_ != nullptr) budget_->Return(bytes_);
  budget_ = nullptr;
  bytes_ = 0;
}

}  // namespace hailo_clip::http
