#include "image/picture_format.h"

#include <algorithm>
#include <array>

namespace hailo_clip {
namespace {

using std::string_view_literals::operator""sv;

struct Names {
  std::string_view plain;
  std::string_view display;
};

constexpr std::array<Names, 7> kNames{{{"jpeg", "JPEG"},
                                       {"png", "PNG"},
                                       {"webp", "WebP"},
                                       {"gif", "GIF"},
                                       {"tiff", "TIFF"},
                                       {"avif", "AVIF"},
                                       {"heif", "HEIF"}}};

// ISO/IEC 23008-12 and the AVIF specification: the major brand of the first box. Only the still and the
// sequence brands; "mif1" says no codec, its compatible brands do.
std::optional<PictureFormat> SniffIsoMedia(std::string_view head) {
  constexpr std::array kAvifBrands{"avif"sv, "avis"sv};
  constexpr std::array kHeifBrands{"heic"sv, "heix"sv, "heim"sv, "heis"sv, "hevc"sv, "hevx"sv, "mif1"sv, "msf1"sv};
  const std::string_view brand = head.substr(8, 4);
  if (std::ranges::find(kAvifBrands, brand) != kAvifBrands.end()) return PictureFormat::kAvif;
  if (std::ranges::find(kHeifBrands, brand) == kHeifBrands.end()) return std::nullopt;
  const std::size_t box_size = std::min<std::size_t>(
      static_cast<unsigned char>(head[2]) * 256U + static_cast<unsigned char>(head[3]), head.size());
  for (std::size_t at = 16; at + 4 <= box_size; at += 4) {
    if (head.substr(at, 4) == "avif") return PictureFormat::kAvif;
  }
  return PictureFormat::kHeif;
}

}  // namespace

std::optional<PictureFormat> SniffFormat(std::span<const std::byte> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 256));
  if (head.starts_with("\xff\xd8\xff"sv)) return PictureFormat::kJpeg;
  if (head.starts_with("\x89PNG\r\n\x1a\n"sv)) return PictureFormat::kPng;
  if (head.starts_with("GIF87a"sv) || head.starts_with("GIF89a"sv)) return PictureFormat::kGif;
  if (head.size() >= 12 && head.starts_with("RIFF"sv) && head.substr(8, 4) == "WEBP") return PictureFormat::kWebp;
  // Classic TIFF and BigTIFF, both byte orders.
  for (const std::string_view magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (head.starts_with(magic)) return PictureFormat::kTiff;
  }
  if (head.size() >= 16 && head.substr(4, 4) == "ftyp") return SniffIsoMedia(head);
  return std::nullopt;
}

std::string_view ToString(PictureFormat format) { return kNames.at(static_cast<std::size_t>(format)).plain; }
std::string_view DisplayName(PictureFormat format) { return kNames.at(static_cast<std::size_t>(format)).display; }

}  // namespace hailo_clip
