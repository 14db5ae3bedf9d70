// Any bytes as a picture. Small limits, so that each input is quick. Seeds: tests/data/images and its bad/.
#include <cstddef>
#include <cstdint>
#include <span>

#include "image/preprocess.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using hailo_clip::DecodeOptions;
  using hailo_clip::PreprocessSpec;
  DecodeOptions options{
      .max_bytes = std::size_t{1} << 20U, .max_pixels = 300'000, .max_time = std::chrono::milliseconds(2000)};
  options.scaled_jpeg = size % 2 != 0;
  const PreprocessSpec spec{.resize_size = 36, .crop_size = 32};
  const auto picture = hailo_clip::PreparePicture(std::as_bytes(std::span(data, size)), spec, options);
  if (picture.has_value() ? picture->crop.pixels.size() != std::size_t{32} * 32 * 3 : picture.error().message.empty()) {
    __builtin_trap();
  }
  return 0;
}
