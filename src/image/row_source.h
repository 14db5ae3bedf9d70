// A picture as its decoder gives it: sizes first, then rows from top to bottom.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "image/orientation.h"
#include "image/preprocess.h"

namespace hailo_clip {

// The end of the time that one picture may take.
class DecodeDeadline {
 public:
  explicit DecodeDeadline(std::chrono::milliseconds max_time)
      : max_time_(max_time), end_(std::chrono::steady_clock::now() + max_time) {}

  [[nodiscard]] bool Passed() const { return std::chrono::steady_clock::now() >= end_; }
  [[nodiscard]] std::unexpected<Error> Failure() const {
    return Fail(ErrorCode::kDeadlineExceeded, "decoding the picture took longer than the limit of {} ms",
                max_time_.count());
  }

 private:
  std::chrono::milliseconds max_time_;
  SteadyTime end_;
};

// Sides of at least 1 and at most 65,535, and no more pixels than options.max_pixels.
[[nodiscard]] Status CheckPictureSize(std::int64_t width, std::int64_t height, const DecodeOptions& options);

// Opening one reads and checks the header alone. One thread uses it; the file's bytes outlive it.
class RowSource {
 public:
  virtual ~RowSource() = default;
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;

  [[nodiscard]] int width() const { return width_; }  // of the picture as stored
  [[nodiscard]] int height() const { return height_; }
  // The rows are those of the picture at this many eighths of its size (ScaledLength of both sides): 1, 2, 4 or 8.
  [[nodiscard]] int eighths() const { return eighths_; }
  [[nodiscard]] Orientation orientation() const { return orientation_; }

  // The next row as [scaled width, 3] u8 RGB.
  [[nodiscard]] virtual Status ReadRow(std::uint8_t* rgb) = 0;
  // The next rows are not wanted. They are still read as far as it takes to notice damage.
  [[nodiscard]] virtual Status SkipRows(int rows) = 0;

 protected:
  RowSource() = default;
  void SetSize(int width, int height) {
    width_ = width;
    height_ = height;
  }
  void SetEighths(int eighths) { eighths_ = eighths; }
  void SetOrientation(Orientation orientation) { orientation_ = orientation; }

 private:
  int width_ = 0;
  int height_ = 0;
  int eighths_ = 8;
  Orientation orientation_;
};

}  // namespace hailo_clip
