#include "image/orientation.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace hailo_clip {
namespace {

using std::string_view_literals::operator""sv;

// Integers of either byte order at any offset; zero outside of the bytes, so that broken offsets find nothing.
class ByteReader {
 public:
  ByteReader(std::string_view bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  [[nodiscard]] std::uint32_t U16(std::uint64_t at) const { return Integer(at, 2); }
  [[nodiscard]] std::uint32_t U32(std::uint64_t at) const { return Integer(at, 4); }

 private:
  [[nodiscard]] std::uint32_t Integer(std::uint64_t at, std::uint64_t size) const {
    if (at + size > bytes_.size()) return 0;
    std::uint32_t value = 0;
    for (std::uint64_t i = 0; i < size; ++i) {
      value = value << 8U | static_cast<unsigned char>(bytes_[at + (big_endian_ ? i : size - 1 - i)]);
    }
    return value;
  }

  std::string_view bytes_;
  bool big_endian_;
};

// An EXIF block is a TIFF file: the orientation is a SHORT in the first directory.
int OrientationOfTiffBlock(std::string_view block) {
  const bool big_endian = block.starts_with("MM\0*"sv);
  if (!big_endian && !block.starts_with("II*\0"sv)) return 1;
  const ByteReader reader(block, big_endian);
  const std::uint64_t directory = reader.U32(4);
  const std::uint32_t entries = reader.U16(directory);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::uint64_t entry = directory + 2 + std::uint64_t{i} * 12;
    if (entry + 12 > block.size()) return 1;
    constexpr std::uint32_t kTag = 0x0112;
    constexpr std::uint32_t kShort = 3;
    if (reader.U16(entry) != kTag) continue;
    const std::uint32_t value = reader.U16(entry + 8);
    const bool sound = reader.U16(entry + 2) == kShort && reader.U32(entry + 4) == 1 && value >= 1 && value <= 8;
    return sound ? static_cast<int>(value) : 1;
  }
  return 1;
}

int JpegOrientation(std::string_view file) {
  const ByteReader reader(file, true);
  constexpr std::string_view kExif = "Exif\0\0"sv;
  std::uint64_t at = 2;
  while (at + 4 <= file.size() && static_cast<unsigned char>(file[at]) == 0xFF) {
    const auto marker = static_cast<unsigned char>(file[at + 1]);
    if (marker == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    constexpr unsigned char kStartOfScan = 0xDA;
    constexpr unsigned char kApp1 = 0xE1;
    if (marker == kStartOfScan) break;
    const std::uint64_t size = reader.U16(at + 2);
    if (size < 2 || at + 2 + size > file.size()) break;
    const std::string_view payload = file.substr(at + 4, size - 2);
    if (marker == kApp1 && payload.starts_with(kExif)) return OrientationOfTiffBlock(payload.substr(kExif.size()));
    at += 2 + size;
  }
  return 1;
}

int PngOrientation(std::string_view file) {
  const ByteReader reader(file, true);
  for (std::uint64_t at = 8; at + 12 <= file.size();) {
    const std::uint64_t size = reader.U32(at);
    if (at + 12 + size > file.size()) break;
    if (file.substr(at + 4, 4) == "eXIf") return OrientationOfTiffBlock(file.substr(at + 8, size));
    at += 12 + size;
  }
  return 1;
}

int WebpOrientation(std::string_view file) {
  const ByteReader reader(file, false);
  for (std::uint64_t at = 12; at + 8 <= file.size();) {
    const std::uint64_t size = reader.U32(at + 4);
    if (at + 8 + size > file.size()) break;
    if (file.substr(at, 4) == "EXIF") {
      std::string_view block = file.substr(at + 8, size);
      constexpr std::string_view kJpegPrefix = "Exif\0\0"sv;  // some writers keep it
      if (block.starts_with(kJpegPrefix)) block.remove_prefix(kJpegPrefix.size());
      return OrientationOfTiffBlock(block);
    }
    at += 8 + size + (size & 1U);  // chunks are padded to even sizes
  }
  return 1;
}

}  // namespace

Orientation OrientationFromExif(int exif_value) {
  switch (exif_value) {
    case 2: return {.swap_axes = false, .reverse_columns = true, .reverse_rows = false};
    case 3: return {.swap_axes = false, .reverse_columns = true, .reverse_rows = true};
    case 4: return {.swap_axes = false, .reverse_columns = false, .reverse_rows = true};
    case 5: return {.swap_axes = true, .reverse_columns = false, .reverse_rows = false};
    case 6: return {.swap_axes = true, .reverse_columns = false, .reverse_rows = true};
    case 7: return {.swap_axes = true, .reverse_columns = true, .reverse_rows = true};
    case 8: return {.swap_axes = true, .reverse_columns = true, .reverse_rows = false};
    default: return {};
  }
}

int ReadExifOrientation(std::span<const std::byte> bytes, PictureFormat format) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  switch (format) {
    case PictureFormat::kJpeg: return JpegOrientation(file);
    case PictureFormat::kPng: return PngOrientation(file);
    case PictureFormat::kWebp: return WebpOrientation(file);
    default: return 1;
  }
}

}  // namespace hailo_clip
