#include "base/keyed_digest.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace hailo_clip {
namespace {

TEST(KeyedDigest, IsTheSameForEqualBytesAndDiffersForEveryChangedByteAndLength) {
  std::vector<std::byte> bytes(1000, std::byte{7});
  const Digest128 digest = KeyedDigest(bytes);
  EXPECT_EQ(KeyedDigest(bytes), digest);
  std::set<Digest128> seen = {digest, KeyedDigest({})};
  for (std::byte& byte : bytes) {
    byte = std::byte{8};
    seen.insert(KeyedDigest(bytes));
    byte = std::byte{7};
  }
  for (std::size_t length = 1; length < bytes.size(); ++length)
    seen.insert(KeyedDigest(std::span(bytes).first(length)));
  EXPECT_EQ(seen.size(), 2 * bytes.size() + 1);
}

TEST(KeyedDigest, MayBeComputedByManyThreads) {
  const std::vector<std::byte> bytes(100'000, std::byte{1});
  const Digest128 expected = KeyedDigest(bytes);
  std::vector<Digest128> digests(4);
  {
    std::vector<std::jthread> threads;
    for (Digest128& digest : digests) threads.emplace_back([&] { digest = KeyedDigest(bytes); });
  }
  for (const Digest128& digest : digests) EXPECT_EQ(digest, expected);
}

}  // namespace
}  // namespace hailo_clip
