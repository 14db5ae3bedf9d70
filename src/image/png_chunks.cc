#include "image/png_chunks.h"

#include <string_view>

namespace hailo_clip {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkFrameBytes = 12;  // length, type, checksum

std::uint32_t BigEndian32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

// Critical chunks, which a decoder must know or refuse, have a capital first letter.
bool MakesPixels(std::string_view type) { return (type[0] & 0x20) == 0 || type == "tRNS"; }

}  // namespace

Result<PngPixels> KeepPixelChunks(std::span<const std::byte> bytes) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  PngPixels kept;
  bool all_kept = true;
  std::size_t at = kSignatureBytes;
  for (std::string_view type; type != "IEND";) {
    if (at + kChunkFrameBytes > file.size()) return Fail(ErrorCode::kInvalidArgument, "the PNG data is cut off");
    const std::size_t size = kChunkFrameBytes + BigEndian32(file.substr(at));
    type = file.substr(at + 4, 4);
    if (size > file.size() - at) return Fail(ErrorCode::kInvalidArgument, "the PNG data is cut off or damaged");
    if (at == kSignatureBytes) {
      if (type != "IHDR" || size < kChunkFrameBytes + 8) {
        return Fail(ErrorCode::kInvalidArgument, "the PNG data is damaged: it does not begin with its header");
      }
      kept.width = BigEndian32(file.substr(at + 8));
      kept.height = BigEndian32(file.substr(at + 12));
    }
    const bool keep = MakesPixels(type);
    if (!keep && all_kept) {
      kept.copy.reserve(file.size());
      kept.copy = file.substr(0, at);
      all_kept = false;
    } else if (keep && !all_kept) {
      kept.copy += file.substr(at, size);
    }
    at += size;
  }
  kept.original = bytes.first(at);
  return kept;
}

}  // namespace hailo_clip
