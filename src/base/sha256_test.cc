#include "base/sha256.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace hailo_clip {
namespace {

// FIPS 180-2, appendix B.
TEST(Sha256, GivesTheVectorsOfTheStandard) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, DigestsAreEqualInEveryByteOrNotAtAll) {
  const std::string digest = Sha256Hex("abc");
  EXPECT_TRUE(EqualDigests(digest, Sha256Hex("abc")));
  EXPECT_FALSE(EqualDigests(digest, digest.substr(1)));
  for (std::size_t i = 0; i < digest.size(); ++i) {
    std::string other = digest;
    other[i] ^= 1;
    EXPECT_FALSE(EqualDigests(digest, other)) << i;
  }
}

TEST(Sha256, OfAFileEqualsThatOfItsContent) {
  const std::string content(700'001, 'x');
  const auto path = std::filesystem::path(testing::TempDir()) / "sha256_test_file";
  ASSERT_TRUE(WriteFileAtomically(path, content).has_value());
  EXPECT_EQ(Sha256HexOfFile(path), Sha256Hex(content));
  std::filesystem::remove(path);
  EXPECT_EQ(Sha256HexOfFile(path).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace hailo_clip
