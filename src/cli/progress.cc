#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace hailo_clip {

Progress::Progress(std::size_t total)
    : total_(total), enabled_(total > 1 && ::isatty(STDERR_FILENO) == 1), start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() { Hide(); }

void Progress::Step() {
  ++done_;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!enabled_ || (done_ < total_ && now - drawn_ < std::chrono::milliseconds(100))) return;
  drawn_ = now;
  Draw();
}

void Progress::Hide() {
  if (enabled_) fmt::print(stderr, "\r\033[K");
}

void Progress::Draw() {
  constexpr std::size_t kWidth = 30;
  const double seconds = MillisecondsBetween(start_, drawn_) / 1000.0;
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  const double left = rate > 0 ? static_cast<double>(total_ - done_) / rate : 0;
  const std::size_t filled = kWidth * done_ / total_;
  fmt::print(stderr, "\r\033[K[{}{}] {}/{}  {:.1f}/s  {:.0f} s left", std::string(filled, '#'),
             std::string(kWidth - filled, ' '), done_, total_, rate, left);
  std::fflush(stderr);
}

}  // namespace hailo_clip
