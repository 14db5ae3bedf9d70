#include "text/chars_map.h"

#include <cstddef>
#include <cstdint>

#include "text/unicode.h"

namespace hailo_clip {
namespace {

constexpr std::uint32_t kLeaf = 0x80000000U;
constexpr std::uint32_t kHasLeaf = 1U << 8U;

std::uint32_t LittleEndian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

// A unit leads to itself XOR its offset XOR the next byte.
std::size_t OffsetOf(std::uint32_t unit) { return (unit >> 10U) << ((unit & (1U << 9U)) >> 6U); }

}  // namespace

std::uint32_t CharsMap::Unit(std::size_t index) const { return LittleEndian(trie_, 4 * index); }

bool CharsMap::IsSound() const {
  const std::size_t units = trie_.size() / 4;
  if ((Unit(0) & kLeaf) != 0) return false;  // every walk begins at the root's offset
  for (std::size_t i = 0; i < units; ++i) {
    const std::uint32_t unit = Unit(i);
    if ((unit & kLeaf) != 0 ? (unit & ~kLeaf) >= texts_.size() : (i ^ OffsetOf(unit)) >= units) return false;
  }
  return true;
}

Result<CharsMap> CharsMap::Create(std::string_view content) {
  CharsMap map;
  if (content.empty()) return map;
  const std::size_t trie_bytes = content.size() > 4 ? LittleEndian(content, 0) : 0;
  const bool fits = trie_bytes > 0 && trie_bytes < content.size() - 4 && trie_bytes % 1024 == 0;
  if (fits) {
    map.trie_ = content.substr(4, trie_bytes);
    map.texts_ = content.substr(4 + trie_bytes);
  }
  if (!fits || map.texts_.back() != '\0' || !map.IsSound())
    return Fail(ErrorCode::kBadModel, "its normalisation rules are damaged");
  return map;
}

// Blocks of 256 units keep what a byte leads to inside the trie, once the offset alone is inside. A value hangs on the
// unit that its own offset leads to, if that is a leaf.
CharsMap::Match CharsMap::LongestMatch(std::string_view text) const {
  Match longest;
  if (trie_.empty()) return longest;
  std::size_t node = OffsetOf(Unit(0));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    node ^= byte;
    const std::uint32_t unit = Unit(node);
    if ((unit & (kLeaf | 0xFFU)) != byte) break;
    node ^= OffsetOf(unit);
    if ((unit & kHasLeaf) != 0) longest = {.size = i + 1, .value = Unit(node) & ~kLeaf};
  }
  // A damaged map may hang something else there.
  return longest.value < texts_.size() ? longest : Match();
}

std::string CharsMap::Apply(std::string_view text) const {
  std::string normal;
  normal.reserve(text.size());
  while (!text.empty()) {
    Match match = LongestMatch(text);
    if (match.size == 0) {
      match.size = DecodeUtf8(text, 0).size;
      normal += text.substr(0, match.size);
    } else {
      normal += std::string_view(texts_.c_str() + match.value);
    }
    text.remove_prefix(match.size);
  }
  return normal;
}

}  // namespace hailo_clip
