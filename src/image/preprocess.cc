#include "image/preprocess.h"

#include <algorithm>
#include <memory>
#include <new>

#include "image/crop_plan.h"
#include "image/jpeg_source.h"
#include "image/picture_format.h"
#include "image/row_source.h"
#include "image/stream_resizer.h"
#include "image/vips_source.h"

namespace hailo_clip {
namespace {

constexpr int kRowsBetweenLooks = 16;  // at the clock

Status CheckSpec(const PreprocessSpec& spec) {
  constexpr int kMaxCrop = 4096;
  if (spec.crop_size >= 1 && spec.resize_size >= spec.crop_size && spec.resize_size <= kMaxCrop) return {};
  return Fail(ErrorCode::kInvalidArgument, "resize to {} and crop to {} are not possible: 1 <= crop <= resize <= {}",
              spec.resize_size, spec.crop_size, kMaxCrop);
}

Status ResizeRows(RowSource& source, StreamResizer& resizer, const DecodeDeadline& deadline) {
  HC_TRY(source.SkipRows(resizer.begin_row()));
  for (int row = resizer.begin_row(); row < resizer.end_row(); ++row) {
    if (row % kRowsBetweenLooks == 0 && deadline.Passed()) return deadline.Failure();
    HC_TRY(source.ReadRow(resizer.RowBuffer()));
    resizer.RowDone();
  }
  return source.SkipRows(ScaledLength(source.height(), source.eighths()) - resizer.end_row());
}

Result<PreparedPicture> Prepare(std::span<const std::byte> bytes, PictureFormat format, const PreprocessSpec& spec,
                                const DecodeOptions& options) {
  const DecodeDeadline deadline(options.max_time);
  HC_ASSIGN(const std::unique_ptr<RowSource> source, format == PictureFormat::kJpeg
                                                         ? OpenJpeg(bytes, spec, options, deadline)
                                                         : OpenWithVips(bytes, format, options));
  StreamResizer resizer(spec, source->width(), source->height(), source->orientation(), BestKernels(),
                        source->eighths());
  HC_TRY(ResizeRows(*source, resizer, deadline));
  const bool swapped = source->orientation().swap_axes;
  return PreparedPicture{.crop = std::move(resizer).Take(),
                         .source_width = swapped ? source->height() : source->width(),
                         .source_height = swapped ? source->width() : source->height(),
                         .format = ToString(format)};
}

}  // namespace

Status CheckPictureSize(std::int64_t width, std::int64_t height, const DecodeOptions& options) {
  constexpr std::int64_t kMaxSide = 65'535;
  if (width < 1 || height < 1) return Fail(ErrorCode::kInvalidArgument, "the picture says that it has no pixels");
  if (width > kMaxSide || height > kMaxSide) {
    return Fail(ErrorCode::kTooLarge, "the picture is {} x {} pixels; the limit is {} a side", width, height, kMaxSide);
  }
  if (width * height > options.max_pixels) {
    return Fail(ErrorCode::kTooLarge, "the picture has {} x {} pixels; the limit is {} pixels", width, height,
                options.max_pixels);
  }
  return {};
}

Result<PreparedPicture> PreparePicture(std::span<const std::byte> bytes, const PreprocessSpec& spec,
                                       const DecodeOptions& options) {
  HC_TRY(CheckSpec(spec));
  if (bytes.empty()) return Fail(ErrorCode::kInvalidArgument, "the picture is empty");
  if (bytes.size() > options.max_bytes) {
    return Fail(ErrorCode::kTooLarge, "the picture has {} bytes; the limit is {}", bytes.size(), options.max_bytes);
  }
  const auto format = SniffFormat(bytes);
  if (!format) {
    return Fail(ErrorCode::kUnsupported, "this is not a picture in a format that can be read ({})", kReadableFormats);
  }
  try {
    return Prepare(bytes, *format, spec, options);
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kOutOfMemory, "not enough memory to decode the picture");
  }
}

RgbImage PreparePixels(const RgbImage& image, const PreprocessSpec& spec) {
  StreamResizer resizer(spec, image.width, image.height, Orientation{});
  const std::size_t row_bytes = std::size_t{3} * image.width;
  for (int row = resizer.begin_row(); row < resizer.end_row(); ++row) {
    std::copy_n(image.pixels.data() + row * row_bytes, row_bytes, resizer.RowBuffer());
    resizer.RowDone();
  }
  return std::move(resizer).Take();
}

}  // namespace hailo_clip
