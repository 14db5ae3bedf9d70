#include "image/preprocess.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"

namespace hailo_clip {
namespace {

using std::chrono::milliseconds;

const std::filesystem::path kImages = std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/images";

std::string Load(const std::string& name) { return ReadFile(kImages / name, 1U << 20U).value(); }

// Not the service's ten seconds: a sanitizer build on a busy machine needs more, and these tests are not about time.
DecodeOptions Patient() {
  DecodeOptions options;
  options.max_time = std::chrono::minutes(5);
  return options;
}

Result<PreparedPicture> Prepare(const std::string& bytes, const DecodeOptions& options = Patient()) {
  return PreparePicture(std::as_bytes(std::span(bytes)), PreprocessSpec{}, options);
}

// Of this process since ForgetPeakMemory (proc(5), clear_refs and VmHWM).
long PeakMemoryKiB() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  }
  return 0;
}
void ForgetPeakMemory() { std::ofstream("/proc/self/clear_refs") << 5; }

struct BadFile {
  const char* name;
  ErrorCode code;
  const char* message;  // a part of it
};

constexpr ErrorCode kInvalid = ErrorCode::kInvalidArgument;
constexpr ErrorCode kUnsupported = ErrorCode::kUnsupported;

const std::vector<BadFile>& BadFiles() {
  static const std::vector<BadFile> files = {
      {"empty.jpg", kInvalid, "empty"},
      {"external_entity.svg", kUnsupported, "not a picture in a format that can be read (JPEG, PNG, WebP"},
      {"gif_cut.gif", kInvalid, "GIF data is cut off"},
      {"jpeg_claims_0x0.jpg", kInvalid, "no pixels"},
      {"jpeg_claims_65500x65500.jpg", ErrorCode::kTooLarge, "65500 x 65500 pixels; the limit is 64000000"},
      {"jpeg_corrupt_huffman_table.jpg", kInvalid, "JPEG data is cut off or damaged"},
      {"jpeg_cut_10_percent.jpg", kInvalid, "JPEG data is cut off or damaged"},
      {"jpeg_cut_50_percent.jpg", kInvalid, "JPEG data is cut off or damaged"},
      {"jpeg_cut_95_percent.jpg", kInvalid, "JPEG data is cut off or damaged"},
      {"jpeg_cut_after_signature.jpg", kInvalid, "JPEG data is cut off or damaged"},
      {"jpeg_cut_before_frame.jpg", kInvalid, "JPEG data is cut off or damaged"},
      {"jpeg_cut_before_scan.jpg", kInvalid, "JPEG data is cut off or damaged"},
      {"jpeg_cut_in_signature.jpg", kUnsupported, "not a picture"},
      {"jpeg_cut_progressive.jpg", kInvalid, "JPEG data is cut off or damaged"},
      {"page.html", kUnsupported, "not a picture"},
      {"png_bad_crc_data.png", kInvalid, "PNG data is cut off or damaged"},
      {"png_bad_crc_header.png", kInvalid, "PNG data is cut off or damaged"},
      {"png_bad_data.png", kInvalid, "PNG data is cut off or damaged"},
      {"png_bomb_20000x20000.png", ErrorCode::kTooLarge, "20000 x 20000 pixels"},
      {"png_claims_0x0.png", kInvalid, "no pixels"},
      {"png_claims_60000x60000.png", ErrorCode::kTooLarge, "60000 x 60000 pixels"},
      {"png_cut.png", kInvalid, "PNG data is cut off"},
      {"png_no_end.png", kInvalid, "PNG data is cut off"},
      {"png_signature_only.png", kInvalid, "PNG data is cut off"},
      {"riff_not_webp.webp", kUnsupported, "not a picture"},
      {"text.jpg", kUnsupported, "not a picture"},
      {"tiff_loop.tiff", kInvalid, "TIFF data is cut off or damaged"},
      {"webp_cut.webp", kInvalid, "WebP data is cut off or damaged"},
      {"zeros.png", kUnsupported, "not a picture"},
  };
  return files;
}

TEST(PreparePicture, RefusesBadFilesWithOneClearSentenceAndLittleMemory) {
  ASSERT_TRUE(Prepare(Load("png_rgb.png")).has_value());  // libvips is set up
  ForgetPeakMemory();
  const long before = PeakMemoryKiB();
  for (const BadFile& bad : BadFiles()) {
    const auto picture = Prepare(Load(std::string("bad/") + bad.name));
    ASSERT_FALSE(picture.has_value()) << bad.name;
    fmt::print("{:32}{:22}{}\n", bad.name, ToString(picture.error().code), picture.error().message);
    EXPECT_EQ(picture.error().code, bad.code) << bad.name << ": " << picture.error().message;
    EXPECT_NE(picture.error().message.find(bad.message), std::string::npos) << bad.name << picture.error().message;
  }
  const long grown = PeakMemoryKiB() - before;
  fmt::print("peak memory grew by {} KiB\n", grown);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(grown, 16 * 1024);
#endif
}

// 12 megapixels are 36 MB as RGB. This one is progressive: libjpeg holds 36 MB of coefficients instead.
TEST(PreparePicture, NeverHoldsAWholeJpeg) {
  const std::string progressive = Load("large_12mp.jpg");
  ASSERT_TRUE(Prepare(Load("jpeg_420.jpg")).has_value());
  ForgetPeakMemory();
  const long before = PeakMemoryKiB();
  EXPECT_EQ(Prepare(progressive).value().source_width, 4000);
  const long grown = PeakMemoryKiB() - before;
  fmt::print("12 MP progressive: peak memory grew by {} KiB\n", grown);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(grown, 44 * 1024);
#endif
}

TEST(PreparePicture, LoadsWhatOnlyLacksAnEndMarkerOrHidesABombInItsProfile) {
  // The reference for the first is the whole file, for the second the same picture: 60 x 40, as Pillow's crops.
  EXPECT_EQ(Prepare(Load("bad/jpeg_cut_no_end_marker.jpg")).value().crop.pixels,
            Prepare(Load("jpeg_420.jpg")).value().crop.pixels);
  const auto bomb = Prepare(Load("bad/png_bomb_icc.png"));
  ASSERT_TRUE(bomb.has_value()) << bomb.error().message;
  EXPECT_EQ(bomb->source_width, 60);
}

// Other bytes in a scan that are code words too: no decoder can tell, Pillow neither.
TEST(PreparePicture, CannotSeeDamageThatIsStillAValidScan) {
  EXPECT_TRUE(Prepare(Load("bad/jpeg_corrupt_scan.jpg")).has_value());
}

TEST(PreparePicture, ForgivesTheMissingEndMarkerOfACompleteProgressiveFileOnly) {
  std::string file = Load("jpeg_progressive.jpg");
  const auto whole = Prepare(file);
  ASSERT_TRUE(file.ends_with("\xff\xd9"));
  file.resize(file.size() - 2);
  EXPECT_EQ(Prepare(file).value().crop.pixels, whole.value().crop.pixels);
  file.resize(file.rfind("\xff\xda"));  // the last scan is missing
  const auto cut = Prepare(file);
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, kInvalid);
}

// Also where the crop needs no row of the missing part.
TEST(PreparePicture, RefusesEveryPictureOfWhichTheLastTenthIsMissing) {
  for (const char* name : {"jpeg_420.jpg", "exif_1.jpg", "exif_6.jpg", "jpeg_arithmetic.jpg", "jpeg_restart.jpg",
                           "jpeg_progressive.jpg", "jpeg_cmyk.jpg", "photo_rocket.jpg", "png_rgb.png",
                           "screen_tall.png", "png_rgb_interlaced.png", "webp_lossy.webp", "webp_lossless.webp",
                           "gif_still.gif", "tiff_lzw.tiff", "tiff_gray16.tiff", "avif_lossy.avif"}) {
    const std::string file = Load(name);
    const auto picture = Prepare(file.substr(0, file.size() * 9 / 10));
    ASSERT_FALSE(picture.has_value()) << name;
    EXPECT_EQ(picture.error().code, kInvalid) << name << ": " << picture.error().message;
  }
}

TEST(PreparePicture, SurvivesEveryTruncationOfEveryFormat) {
  for (const char* name : {"exif_6.jpg", "exif_6.png", "exif_6.webp", "webp_animated.webp", "gif_animated.gif",
                           "jpeg_420_17x33.jpg", "size_3x3.png"}) {
    const std::string file = Load(name);
    for (std::size_t size = 0; size < file.size(); ++size) {
      const auto picture = Prepare(file.substr(0, size));
      if (picture.has_value()) continue;  // nothing but an end marker is missing
      EXPECT_FALSE(picture.error().message.empty());
      EXPECT_NE(picture.error().code, ErrorCode::kInternal);
    }
  }
}

TEST(PreparePicture, SurvivesRandomlyDamagedBytes) {
  std::minstd_rand random(7);
  for (const char* name : {"exif_6.jpg", "jpeg_progressive.jpg", "exif_6.png", "png_palette2.png", "webp_alpha.webp",
                           "gif_animated.gif", "tiff_lzw.tiff", "avif_lossy.avif"}) {
    const std::string sound = Load(name);
    for (int round = 0; round < 60; ++round) {
      std::string file = sound;
      for (int i = 0; i < 4; ++i) file[random() % file.size()] = static_cast<char>(random());
      DecodeOptions options;
      options.max_pixels = 1'000'000;
      const auto picture = Prepare(file, options);
      if (!picture.has_value()) continue;
      EXPECT_EQ(picture->crop.pixels.size(), 224U * 224U * 3U) << name;
    }
  }
}

TEST(PreparePicture, ChecksTheByteLimit) {
  DecodeOptions options;
  options.max_bytes = 1000;
  const auto picture = Prepare(Load("png_rgb.png"), options);
  ASSERT_FALSE(picture.has_value());
  EXPECT_EQ(picture.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(picture.error().message, "the picture has 87567 bytes; the limit is 1000");
}

TEST(PreparePicture, ChecksThePixelLimitOfEveryFormat) {
  DecodeOptions options;
  options.max_pixels = 4000;
  for (const char* name :
       {"jpeg_420.jpg", "png_rgb.png", "webp_lossy.webp", "gif_still.gif", "tiff_lzw.tiff", "avif_lossy.avif"}) {
    const auto picture = Prepare(Load(name), options);
    ASSERT_FALSE(picture.has_value()) << name;
    EXPECT_EQ(picture.error().code, ErrorCode::kTooLarge) << name;
  }
}

TEST(PreparePicture, GivesUpWhenItsTimeIsOver) {
  DecodeOptions options;
  options.max_time = milliseconds(0);
  for (const char* name : {"large_12mp.jpg", "jpeg_420.jpg", "png_rgb.png"}) {
    const auto picture = Prepare(Load(name), options);
    ASSERT_FALSE(picture.has_value()) << name;
    EXPECT_EQ(picture.error().code, ErrorCode::kDeadlineExceeded) << name;
    EXPECT_EQ(picture.error().message, "decoding the picture took longer than the limit of 0 ms");
  }
}

// A progressive file whose last scan, a refinement, comes again and again.
TEST(PreparePicture, RefusesAProgressiveFileWithThousandsOfScans) {
  std::string file = Load("jpeg_progressive.jpg");
  const std::string scan = file.substr(file.rfind("\xff\xda"), file.size() - 2 - file.rfind("\xff\xda"));
  file.resize(file.size() - 2);
  for (int i = 0; i < 2000; ++i) file += scan;
  const auto picture = Prepare(file);
  ASSERT_FALSE(picture.has_value());
  EXPECT_TRUE(picture.error().code == ErrorCode::kTooLarge || picture.error().code == kInvalid);
  fmt::print("{}\n", picture.error().message);
}

TEST(PreparePicture, RefusesASpecThatMakesNoSense) {
  const std::string file = Load("size_3x3.png");
  for (const auto& [resize, crop] : {std::pair{224, 0}, {224, 225}, {224, -1}, {1 << 20, 224}}) {
    const PreprocessSpec spec{.resize_size = resize, .crop_size = crop};
    EXPECT_FALSE(PreparePicture(std::as_bytes(std::span(file)), spec, {}).has_value()) << resize << " " << crop;
  }
}

TEST(PreparePicture, NamesFormatAndUprightSize) {
  const auto picture = Prepare(Load("exif_6.webp")).value();
  EXPECT_EQ(picture.format, "webp");
  EXPECT_EQ(picture.source_width, 96);
  EXPECT_EQ(picture.source_height, 128);
  EXPECT_EQ(Prepare(Load("avif_lossy.avif")).value().format, "avif");
}

TEST(PreparePicture, GivesTheSameFromManyThreads) {
  const std::vector<std::string> names = {"jpeg_420.jpg",      "jpeg_progressive.jpg", "png_rgba.png",
                                          "webp_lossy.webp",   "gif_animated.gif",     "tiff_lzw.tiff",
                                          "avif_lossy.avif",   "exif_6.jpg",           "bad/png_cut.png",
                                          "bad/webp_cut.webp", "bad/gif_cut.gif"};
  std::vector<std::string> files;
  std::vector<std::vector<std::uint8_t>> expected;
  const auto pixels = [](const std::string& file) {
    auto picture = Prepare(file);
    return picture.has_value() ? std::move(picture->crop.pixels) : std::vector<std::uint8_t>{};
  };
  for (const std::string& name : names) {
    files.push_back(Load(name));
    expected.push_back(pixels(files.back()));
  }
  std::vector<std::jthread> threads;
  std::vector<int> differing(4);
  for (std::size_t t = 0; t < differing.size(); ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 5 * files.size(); ++i) {
        const std::size_t which = (i + 3 * t) % files.size();
        if (pixels(files[which]) != expected[which]) ++differing[t];
      }
    });
  }
  threads.clear();
  EXPECT_EQ(differing, std::vector<int>(4, 0));
}

TEST(PreparePixels, MakesTheCropOfTheSamePictureDecoded) {
  // An exact copy (224 x 224 to 224 x 224) gives the file's own pixels, a smaller spec then resizes them.
  const std::string file = Load("size_224x224.png");
  const RgbImage whole = Prepare(file).value().crop;
  const PreprocessSpec small{.resize_size = 100, .crop_size = 64};
  EXPECT_EQ(PreparePixels(whole, small).pixels,
            PreparePicture(std::as_bytes(std::span(file)), small, {}).value().crop.pixels);
}

}  // namespace
}  // namespace hailo_clip
