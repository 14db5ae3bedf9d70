// A fast digest of bytes that nobody outside can aim at.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace hailo_clip {

using Digest128 = std::array<std::byte, 16>;

// GMAC (NIST SP 800-38D) with AES-128, a key drawn once for each process and a fixed nonce: a universal hash. Two
// different inputs share a digest with a chance of at most their length in blocks over 2^128, whoever chose them, as
// long as digests never leave the process. Several times faster than SHA-256 where the processor has no instructions
// for it. Thread-safe. Throws std::runtime_error if OpenSSL lacks GMAC or random numbers.
[[nodiscard]] Digest128 KeyedDigest(std::span<const std::byte> bytes);

}  // namespace hailo_clip
