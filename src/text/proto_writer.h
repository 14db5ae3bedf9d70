// Writes messages of protocol buffers: numbers, floats and bytes, as much as a SentencePiece model takes.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace hailo_clip {

class ProtoWriter {
 public:
  void Number(std::uint32_t field, std::uint64_t value) {
    Varint(field << 3U);
    Varint(value);
  }
  void Bytes(std::uint32_t field, std::string_view bytes) {
    Varint(field << 3U | 2U);
    Varint(bytes.size());
    out_ += bytes;
  }
  void Float(std::uint32_t field, float value) {
    Varint(field << 3U | 5U);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) out_.push_back(static_cast<char>(bits >> shift & 0xFFU));
  }
  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  void Varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) out_.push_back(static_cast<char>(value | 0x80U));
    out_.push_back(static_cast<char>(value));
  }

  std::string out_;
};

}  // namespace hailo_clip
