// A progress bar for people who wait.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace hailo_clip {

// Draws on stderr if that is a terminal and there is more than one step; silent otherwise. Not thread-safe.
class Progress {
 public:
  explicit Progress(std::size_t total);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Step();
  // Clears the line so that something else can be printed; the next Step draws it again.
  void Hide();

 private:
  void Draw();

  const std::size_t total_;
  const bool enabled_;
  const SteadyTime start_;
  std::size_t done_ = 0;
  SteadyTime drawn_;
};

}  // namespace hailo_clip
