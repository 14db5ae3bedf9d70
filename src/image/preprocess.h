// From the bytes of a picture file to the pixels that an encoder sees.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "image/rgb_image.h"

namespace hailo_clip {

enum class ResizeMode {
  kShortestSide,  // the shorter side becomes resize_size, the shape is kept, then a centre crop
  kSquash,        // both sides become crop_size, the shape is not kept
};
enum class Interpolation { kBicubic, kBilinear };
enum class CropRounding {
  kHalfToEven,  // round((length - crop) / 2), half to even: torchvision, OpenAI, open_clip
  kDown,        // (length - crop) / 2, cut: transformers
};

// What a model's manifest says of its picture input. Arithmetic: Pillow's 8-bit resize with antialiasing.
struct PreprocessSpec {
  ResizeMode resize_mode = ResizeMode::kShortestSide;
  int resize_size = 224;  // of the shorter side, >= crop_size; kSquash: equal to crop_size
  int crop_size = 224;    // S: the encoder's input is [S, S]
  Interpolation interpolation = Interpolation::kBicubic;
  CropRounding crop_rounding = CropRounding::kHalfToEven;
  std::array<float, 3> mean{};  // of R, G, B on the scale 0..1
  std::array<float, 3> standard_deviation{1, 1, 1};
};

enum class AlphaMode { kOverWhite, kDrop };
enum class Gray16Mode { kHighByte, kClip };

// Limits are checked from the header, before any pixel is decoded.
struct DecodeOptions {
  std::size_t max_bytes = std::size_t{32} << 20U;
  std::int64_t max_pixels = 64'000'000;
  std::chrono::milliseconds max_time{10'000};  // for one picture; checked every few rows
  bool apply_orientation = true;               // EXIF
  AlphaMode alpha = AlphaMode::kOverWhite;
  Gray16Mode gray16 = Gray16Mode::kHighByte;
  // JPEGs that are much larger than the crop are decoded at a half, a quarter or an eighth of their size, which libjpeg
  // does without computing the rest. Faster; the pixels differ a little (docs/PERFORMANCE.md).
  bool scaled_jpeg = false;
};

struct PreparedPicture {
  RgbImage crop;         // [S, S, 3] u8 RGB
  int source_width = 0;  // of the whole picture, after orientation
  int source_height = 0;
  std::string_view format;  // "jpeg", "png", "webp", "gif", "tiff", "avif", "heif"
};

// Decodes the first frame of a picture and makes the encoder's crop of it. Thread-safe. Errors:
// kInvalidArgument empty, damaged or cut-off; kUnsupported not a picture or of a format that is not read (the
// message lists those that are); kTooLarge over a limit; kDeadlineExceeded over max_time. Memory is bounded: a
// baseline JPEG is streamed row by row, never held whole.
[[nodiscard]] Result<PreparedPicture> PreparePicture(std::span<const std::byte> bytes, const PreprocessSpec& spec,
                                                     const DecodeOptions& options);

// The same crop of pixels that are in memory already.
[[nodiscard]] RgbImage PreparePixels(const RgbImage& image, const PreprocessSpec& spec);

// [S, S, 3] u8 to [3, S, S] f32: (x / 255 - mean) / std in float32, in this order (open_clip's value to the bit).
// `output` holds 3 * S * S floats.
void NormalizeToNchw(std::span<const std::uint8_t> pixels, const PreprocessSpec& spec, std::span<float> output);

}  // namespace hailo_clip
