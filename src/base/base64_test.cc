#include "base/base64.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/base64_blocks.h"

namespace hailo_clip {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// RFC 4648, section 10.
TEST(Base64, EncodesTheVectorsOfTheRfc) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(EncodeBase64(Bytes(plain)), encoded);
    EXPECT_EQ(DecodeBase64(encoded), plain);
  }
}

TEST(Base64, ReadsBothAlphabetsWithoutPaddingAndAcrossLines) {
  const std::string bytes = "\xFB\xEF\xFF\x3E";
  EXPECT_EQ(DecodeBase64("++//Pg=="), bytes);
  EXPECT_EQ(DecodeBase64("--__Pg"), bytes);
  EXPECT_EQ(DecodeBase64(" +\r\n+/\t/P\ng =\n= "), bytes);
}

TEST(Base64, RefusesWhatIsNotBase64AndSaysWhere) {
  EXPECT_EQ(DecodeBase64("Zm9v!m9v").error().message, "not base64: a character that does not belong at offset 4");
  EXPECT_FALSE(DecodeBase64("Zm9vZ").has_value());
  EXPECT_FALSE(DecodeBase64("Zg=").has_value());
  EXPECT_FALSE(DecodeBase64("Zg===").has_value());
  EXPECT_FALSE(DecodeBase64("Zg==Zg==").has_value());
  EXPECT_FALSE(DecodeBase64("=").has_value());
  EXPECT_FALSE(DecodeBase64(std::string_view("Zm\0v", 4)).has_value());
}

TEST(Base64, RoundTripsEveryByteAtEveryPhase) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (std::size_t cut = 0; cut < 4; ++cut)
    EXPECT_EQ(DecodeBase64(EncodeBase64(Bytes(all).subspan(cut))), all.substr(cut));
}

std::string Decoded(std::string_view text, Base64Blocks blocks) {
  std::string out(text.size() / 4 * 3 + 3, '\xAA');
  const Result<std::size_t> size = DecodeBase64To(text, out.data(), blocks);
  return size ? out.substr(0, *size) : size.error().message;
}

// The reference is NoBase64Blocks, which decodes group by group.
TEST(Base64, BlocksDecodeAsTheReferenceDoesWhateverIsAmongTheDigits) {
  std::mt19937 random(1);
  std::string bytes(300, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  bytes.replace(0, 48, std::string(24, '\xFB') + std::string(24, '\xFF'));  // + and /, or - and _
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    std::string text = EncodeBase64(Bytes(bytes).first(length));
    ASSERT_EQ(Decoded(text, BestBase64Blocks()), bytes.substr(0, length));
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    ASSERT_EQ(Decoded(text, BestBase64Blocks()), bytes.substr(0, length));
    text.insert(random() % (text.size() + 1), "\r\n");
    ASSERT_EQ(Decoded(text, BestBase64Blocks()), bytes.substr(0, length));
  }
  const std::string text = EncodeBase64(Bytes(bytes));
  for (std::size_t at = 0; at < 96; ++at) {
    for (int c = 0; c < 256; ++c) {
      std::string changed = text;
      changed[at] = static_cast<char>(c);
      ASSERT_EQ(Decoded(changed, BestBase64Blocks()), Decoded(changed, NoBase64Blocks)) << c << " at " << at;
    }
  }
}

TEST(Base64, DecodesInPlace) {
  std::string bytes(1'000, 'x');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i >> 3U);
  for (const std::string_view before : {"", "{", "data:image/jpeg;base64,"}) {
    std::string text = std::string(before) + EncodeBase64(Bytes(bytes));
    text.insert(text.size() / 2, "\n");
    const auto size = DecodeBase64To(std::string_view(text).substr(before.size()), text.data());
    ASSERT_TRUE(size.has_value());
    EXPECT_EQ(text.substr(0, *size), bytes) << before;
  }
}

}  // namespace
}  // namespace hailo_clip
