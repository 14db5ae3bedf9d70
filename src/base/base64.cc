#include "base/base64.h"

#include <array>
#include <cstdint>

#include "base/base64_blocks.h"

namespace hailo_clip {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kSkip = 0x80;     // white space
constexpr std::uint8_t kPad = 0x81;      // '='
constexpr std::uint8_t kInvalid = 0xFF;  // all of these have the top bit; values of digits do not

constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(kInvalid);
  for (std::uint8_t i = 0; i < 64; ++i) table[static_cast<unsigned char>(kAlphabet[i])] = i;
  table['-'] = 62;
  table['_'] = 63;
  for (const char c : {' ', '\t', '\r', '\n'}) table[static_cast<unsigned char>(c)] = kSkip;
  table['='] = kPad;
  return table;
}();

std::uint8_t Digit(char c) { return kDigits[static_cast<unsigned char>(c)]; }

char Byte(std::uint32_t value) { return static_cast<char>(static_cast<unsigned char>(value & 0xFFU)); }

}  // namespace

Result<std::size_t> DecodeBase64To(std::string_view text, char* out, Base64Blocks decode_blocks) {
  char* write = out;
  std::uint32_t group = 0;
  int digits = 0;  // in the current group
  std::size_t i = 0;
  while (i < text.size()) {
    if (digits == 0) {
      const std::size_t done = decode_blocks(text.substr(i), write);
      i += done;
      write += done / 4 * 3;
    }
    if (digits == 0 && i + 4 <= text.size()) {
      const std::uint32_t a = Digit(text[i]), b = Digit(text[i + 1]), c = Digit(text[i + 2]), d = Digit(text[i + 3]);
      if (((a | b | c | d) & 0x80U) == 0) {
        const std::uint32_t bits = a << 18U | b << 12U | c << 6U | d;
        *write++ = Byte(bits >> 16U);
        *write++ = Byte(bits >> 8U);
        *write++ = Byte(bits);
        i += 4;
        continue;
      }
    }
    const std::uint8_t digit = Digit(text[i]);
    if (digit == kPad) break;
    if (digit == kInvalid)
      return Fail(ErrorCode::kInvalidArgument, "not base64: a character that does not belong at offset {}", i);
    ++i;
    if (digit == kSkip) continue;
    group = group << 6U | digit;
    if (++digits == 4) {
      *write++ = Byte(group >> 16U);
      *write++ = Byte(group >> 8U);
      *write++ = Byte(group);
      digits = 0;
      group = 0;
    }
  }
  int pads = 0;
  for (; i < text.size(); ++i) {
    const std::uint8_t digit = Digit(text[i]);
    if (digit == kPad) ++pads;
    if (digit != kPad && digit != kSkip)
      return Fail(ErrorCode::kInvalidArgument, "not base64: data after the padding at offset {}", i);
  }
  if (digits == 1 || (pads > 0 && digits + pads != 4))
    return Fail(ErrorCode::kInvalidArgument, "not base64: it ends inside a group of four characters (cut off?)");
  if (digits == 2) *write++ = Byte(group >> 4U);
  if (digits == 3) {
    *write++ = Byte(group >> 10U);
    *write++ = Byte(group >> 2U);
  }
  return static_cast<std::size_t>(write - out);
}

Result<std::size_t> DecodeBase64To(std::string_view text, char* out) {
  return DecodeBase64To(text, out, BestBase64Blocks());
}

Result<std::string> DecodeBase64(std::string_view text) {
  Result<std::size_t> size = 0;
  std::string out;
  out.resize_and_overwrite(text.size() / 4 * 3 + 3, [&](char* memory, std::size_t) {
    size = DecodeBase64To(text, memory);
    return size.value_or(0);
  });
  if (!size) return std::unexpected(std::move(size).error());
  return out;
}

std::string EncodeBase64(std::span<const std::byte> bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (k < count ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= count ? kAlphabet[group >> (18U - 6U * static_cast<unsigned>(k)) & 63U] : '=';
  }
  return out;
}

}  // namespace hailo_clip
