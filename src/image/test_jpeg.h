// For tests and benchmarks: a JPEG of any size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>  // jpeglib.h wants it before
#include <cstdlib>
#include <string>

#include <jpeglib.h>

#include "image/rgb_image.h"

namespace hailo_clip {

struct JpegSettings {
  int quality = 95;
  int orientation = 1;  // EXIF's, 1 to 8
  bool progressive = false;
};

// With 4:2:0 chroma, as cameras write it.
inline std::string EncodeJpeg(const RgbImage& image, const JpegSettings& settings) {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &memory, &size);
  encoder.image_width = static_cast<JDIMENSION>(image.width);
  encoder.image_height = static_cast<JDIMENSION>(image.height);
  encoder.input_components = 3;
  encoder.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, settings.quality, TRUE);
  if (settings.progressive) jpeg_simple_progression(&encoder);
  jpeg_start_compress(&encoder, TRUE);
  const std::array<std::uint8_t, 32> exif{
      'E', 'x', 'i', 'f', 0,    0, 'M', 'M', 0, '*', 0, 0, 0,
      8,   0,   1,   1,   0x12, 0, 3,   0,   0, 0,   1, 0, static_cast<std::uint8_t>(settings.orientation)};
  jpeg_write_marker(&encoder, JPEG_APP0 + 1, exif.data(), exif.size());
  for (int y = 0; y < image.height; ++y) {
    // libjpeg only reads rows, but takes them without const.
    auto* row = const_cast<JSAMPROW>(image.pixels.data() + std::size_t{3} * image.width * y);
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  std::string bytes(reinterpret_cast<const char*>(memory), size);
  std::free(memory);  // NOLINT: libjpeg's memory
  return bytes;
}

}  // namespace hailo_clip
