#include "image/orientation.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"

namespace hailo_clip {
namespace {

using std::string_literals::operator""s;

const std::filesystem::path kImages = std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/images";

int ReadFrom(std::string_view file, PictureFormat format) {
  return ReadExifOrientation(std::as_bytes(std::span(file)), format);
}

// A JPEG with nothing but an EXIF block around `directory`, which lies at offset 8 of it.
std::string JpegWith(const std::string& directory, const std::string& head = "MM\0*\0\0\0\x08"s) {
  const std::string payload = "Exif\0\0"s + head + directory;
  const auto size = static_cast<char>(payload.size() + 2);
  return "\xff\xd8\xff\xe1\0"s + size + payload + "\xff\xda"s;
}

TEST(ReadExifOrientation, ReadsEveryKindOfFileThatCarriesIt) {
  for (int value = 1; value <= 8; ++value) {
    const std::string file = ReadFile(kImages / fmt::format("exif_{}.jpg", value), 1U << 20U).value();
    EXPECT_EQ(ReadFrom(file, PictureFormat::kJpeg), value);
  }
  EXPECT_EQ(ReadFrom(ReadFile(kImages / "exif_6.png", 1U << 20U).value(), PictureFormat::kPng), 6);
  EXPECT_EQ(ReadFrom(ReadFile(kImages / "exif_6.webp", 1U << 20U).value(), PictureFormat::kWebp), 6);
}

TEST(ReadExifOrientation, TakesBrokenOrForeignValuesForUpright) {
  for (const char* name : {"exif_0.jpg", "exif_9.jpg", "exif_broken.jpg", "jpeg_420.jpg"}) {
    EXPECT_EQ(ReadFrom(ReadFile(kImages / name, 1U << 20U).value(), PictureFormat::kJpeg), 1) << name;
  }
}

TEST(ReadExifOrientation, ReadsBothByteOrders) {
  EXPECT_EQ(ReadFrom(JpegWith("\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0"s), PictureFormat::kJpeg), 8);
  EXPECT_EQ(ReadFrom(JpegWith("\x01\0\x12\x01\x03\0\x01\0\0\0\x05\0\0\0"s, "II*\0\x08\0\0\0"s), PictureFormat::kJpeg),
            5);
}

TEST(ReadExifOrientation, WantsOneShort) {
  EXPECT_EQ(ReadFrom(JpegWith("\0\x01\x01\x12\0\x04\0\0\0\x01\0\x08\0\0"s), PictureFormat::kJpeg), 1) << "a LONG";
  EXPECT_EQ(ReadFrom(JpegWith("\0\x01\x01\x12\0\x03\0\0\0\x02\0\x08\0\0"s), PictureFormat::kJpeg), 1) << "two";
}

TEST(ReadExifOrientation, StaysInsideOfTheBytes) {
  const std::string far_directory = JpegWith("", "MM\0*\xff\xff\xff\xfe"s);
  EXPECT_EQ(ReadFrom(far_directory, PictureFormat::kJpeg), 1);
  EXPECT_EQ(ReadFrom(JpegWith("\xff\xff\x01\x0f"s), PictureFormat::kJpeg), 1) << "65535 entries";
  for (const PictureFormat format : {PictureFormat::kJpeg, PictureFormat::kPng, PictureFormat::kWebp}) {
    EXPECT_EQ(ReadFrom("", format), 1);
    const std::string file = ReadFile(kImages / "exif_6.png", 1U << 20U).value();
    for (std::size_t size = 0; size < file.size(); ++size) {
      // A copy of exactly this size, so that a sanitizer sees a byte too many.
      const std::string cut(file.data(), size);
      EXPECT_LE(ReadFrom(cut, format), 8);
    }
  }
}

}  // namespace
}  // namespace hailo_clip
