#include "image/vips_source.h"

#include <vips/vips.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "image/pixel_rows.h"
#include "image/png_chunks.h"

namespace hailo_clip {
namespace {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <typename T>
using GObjectPtr = std::unique_ptr<T, Unref>;

// Rows asked for at once: enough to make the call cheap, few enough to stay in the cache.
constexpr int kStripRows = 16;
constexpr int kMaxBands = 8;

// libvips and glib would print decoders' warnings about users' files to stderr.
void DropMessage(const gchar* /*domain*/, GLogLevelFlags /*level*/, const gchar* /*message*/, gpointer /*data*/) {}

bool InitialiseVips() {
  if (vips_init("hailo-clip") != 0) return false;
  g_log_set_handler("VIPS", static_cast<GLogLevelFlags>(G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG),
                    DropMessage, nullptr);
  vips_block_untrusted_set(TRUE);
  vips_operation_block_set("VipsForeignLoad", TRUE);
  for (const char* loader : {"VipsForeignLoadPng", "VipsForeignLoadWebp", "VipsForeignLoadNsgif", "VipsForeignLoadTiff",
                             "VipsForeignLoadHeif"}) {
    vips_operation_block_set(loader, FALSE);
  }
  vips_cache_set_max(0);
  vips_concurrency_set(1);  // pictures are decoded side by side by the callers' threads
  return true;
}

// libvips is global to the process; so is its set-up.
bool VipsIsReady() {
  static std::once_flag once;
  static bool ready = false;
  std::call_once(once, [] { ready = InitialiseVips(); });
  return ready;
}

// The error buffer is shared by all threads: its text may be about another picture, so it is not used.
std::unexpected<Error> DamagedFile(PictureFormat format) {
  vips_error_clear();
  return Fail(ErrorCode::kInvalidArgument, "the {} data is cut off or damaged", DisplayName(format));
}

VipsImage* Load(std::span<const std::byte> bytes, PictureFormat format) {
  void* data = const_cast<std::byte*>(bytes.data());  // NOLINT: libvips does not write to it
  VipsImage* image = nullptr;
  const auto load = [&](auto loader) {
    loader(data, bytes.size(), &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, nullptr);
  };
  switch (format) {
    case PictureFormat::kPng: load(vips_pngload_buffer); break;
    case PictureFormat::kWebp: load(vips_webpload_buffer); break;
    case PictureFormat::kGif: load(vips_gifload_buffer); break;
    case PictureFormat::kTiff: load(vips_tiffload_buffer); break;
    case PictureFormat::kAvif:
    case PictureFormat::kHeif: load(vips_heifload_buffer); break;
    case PictureFormat::kJpeg: break;  // not ours
  }
  return image;
}

std::optional<PixelKind> KindOf(VipsInterpretation interpretation, int bands) {
  switch (interpretation) {
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16: return bands > 1 ? PixelKind::kGrayAlpha : PixelKind::kGray;
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_RGB16:
      if (bands < 3) return std::nullopt;
      return bands > 3 ? PixelKind::kRgba : PixelKind::kRgb;
    case VIPS_INTERPRETATION_CMYK:
      if (bands < 4) return std::nullopt;
      return PixelKind::kCmyk;
    default: return std::nullopt;
  }
}

Result<PixelLayout> LayoutOf(VipsImage* image, PictureFormat format) {
  const VipsBandFormat samples = vips_image_get_format(image);
  const int bands = vips_image_get_bands(image);
  const auto kind = KindOf(vips_image_get_interpretation(image), bands);
  const bool readable_samples = samples == VIPS_FORMAT_UCHAR || samples == VIPS_FORMAT_USHORT;
  if (!kind || !readable_samples || bands > kMaxBands) {
    return Fail(ErrorCode::kUnsupported,
                "this kind of {} pixels is not supported, only gray, RGB and CMYK of 1 to 16 bits",
                DisplayName(format));
  }
  return PixelLayout{.kind = *kind, .channels = bands, .sixteen_bit = samples == VIPS_FORMAT_USHORT};
}

class VipsSource final : public RowSource {
 public:
  VipsSource(PictureFormat format, const DecodeOptions& options)
      : format_(format), alpha_(options.alpha), gray16_(options.gray16) {}
  ~VipsSource() override {
    region_.reset();
    image_.reset();
    vips_thread_shutdown();  // frees what libvips keeps for this thread
  }

  [[nodiscard]] Status Open(std::span<const std::byte> bytes, const DecodeOptions& options) {
    if (format_ == PictureFormat::kPng) {
      HC_ASSIGN(png_, KeepPixelChunks(bytes));
      HC_TRY(CheckPictureSize(png_.width, png_.height, options));
    }
    image_.reset(Load(format_ == PictureFormat::kPng ? png_.file() : bytes, format_));
    if (!image_) return DamagedFile(format_);
    SetSize(vips_image_get_width(image_.get()), vips_image_get_height(image_.get()));
    HC_TRY(CheckPictureSize(width(), height(), options));
    HC_ASSIGN(layout_, LayoutOf(image_.get(), format_));
    if (options.apply_orientation) SetOrientation(OrientationFromExif(ExifValue(bytes)));
    region_.reset(vips_region_new(image_.get()));
    return {};
  }

  Status ReadRow(std::uint8_t* rgb) override {
    HC_TRY(HaveRow());
    ConvertRow(VIPS_REGION_ADDR(region_.get(), 0, next_row_), layout_, alpha_, gray16_, width(), rgb);
    ++next_row_;
    return {};
  }

  Status SkipRows(int rows) override {
    for (int end = next_row_ + rows; next_row_ < end;) {
      HC_TRY(HaveRow());
      next_row_ = std::min(end, strip_end_);
    }
    return {};
  }

 private:
  // Makes next_row_ part of the strip in memory. Strips follow each other: the image is sequential.
  [[nodiscard]] Status HaveRow() {
    if (next_row_ < strip_end_) return {};
    const VipsRect strip{
        .left = 0, .top = next_row_, .width = width(), .height = std::min(kStripRows, height() - next_row_)};
    if (vips_region_prepare(region_.get(), &strip) != 0) return DamagedFile(format_);
    strip_end_ = strip.top + strip.height;
    return {};
  }

  [[nodiscard]] int ExifValue(std::span<const std::byte> bytes) const {
    if (format_ == PictureFormat::kTiff) return vips_image_get_orientation(image_.get());
    return ReadExifOrientation(bytes, format_);
  }

  PictureFormat format_;
  AlphaMode alpha_;
  Gray16Mode gray16_;
  PngPixels png_;
  GObjectPtr<VipsImage> image_;
  GObjectPtr<VipsRegion> region_;
  PixelLayout layout_;
  int next_row_ = 0;
  int strip_end_ = 0;
};

}  // namespace

Result<std::unique_ptr<RowSource>> OpenWithVips(std::span<const std::byte> bytes, PictureFormat format,
                                                const DecodeOptions& options) {
  if (!VipsIsReady()) return Fail(ErrorCode::kInternal, "libvips could not be initialised");
  auto source = std::make_unique<VipsSource>(format, options);
  HC_TRY(source->Open(bytes, options));
  return source;
}

}  // namespace hailo_clip
