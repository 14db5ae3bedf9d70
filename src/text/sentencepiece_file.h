// Checks a SentencePiece model file before the library sees it: the library trusts what is in there.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// More pieces than these no model has.
inline constexpr std::size_t kMaxPieces = 1'000'000;

// kBadModel unless `model` is a protocol buffer with pieces of text and normalisation rules that stay within their
// tables. The library walks the rules' double array (Darts-clone: blocks of 256 units, a unit leads to itself XOR its
// offset XOR the next byte) without looking at its bounds, and ends the process for pieces with a zero byte. What else
// may be wrong in a file it reports itself.
[[nodiscard]] Status CheckSentencePieceFile(std::string_view model);

}  // namespace hailo_clip
