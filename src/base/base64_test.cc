#include "base/base64.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace hailo_clip
