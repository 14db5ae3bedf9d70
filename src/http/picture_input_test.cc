#include "http/picture_input.h"

#include <gtest/gtest.h>

namespace hailo_clip::http {
namespace {

std::string Message(std::string_view text) {
  const auto bytes = DecodePictureText(text, "field 'image'");
  return bytes ? "" : bytes.error().message;
}

TEST(PictureInput, TakesDataUrisAndBareBase64) {
  for (const char* text :
       {"aGVsbG8=", "aGVsbG8", "aGVs\r\nbG8=", "data:image/jpeg;base64,aGVsbG8=",
        "DATA:image/svg+xml;charset=x;BASE64,aGVsbG8=", "data:application/octet-stream;base64,aGVsbG8"})
    EXPECT_EQ(DecodePictureText(text, "x").value_or("failed"), "hello") << text;
  EXPECT_EQ(DecodePictureText("-_-_", "x").value_or("failed"), "\xFB\xFF\xBF");
}

TEST(PictureInput, RefusesOthersByName) {
  EXPECT_NE(Message("https://example.com/cat.jpg").find("URL"), std::string::npos);
  EXPECT_NE(Message("data:image/png;base64").find("without a comma"), std::string::npos);
  EXPECT_NE(Message("data:image/png,abc").find("without ';base64'"), std::string::npos);
  EXPECT_NE(Message("data:text/plain;base64,aGVsbG8=").find("'text/plain'"), std::string::npos);
  EXPECT_EQ(Message(""), "Failed to decode image: field 'image' is empty");
  EXPECT_EQ(Message("data:image/png;base64,"), "Failed to decode image: field 'image' is empty");
  EXPECT_NE(Message("a cat!").find("Failed to decode image: field 'image' is not base64"), std::string::npos);
}

TEST(PictureInput, KnowsPictureDataUris) {
  EXPECT_TRUE(IsPictureDataUri("data:image/png;base64,"));
  EXPECT_TRUE(IsPictureDataUri("Data:Image/png"));
  EXPECT_FALSE(IsPictureDataUri("data:text/plain,x"));
  EXPECT_FALSE(IsPictureDataUri("a photo"));
}

}  // namespace
}  // namespace hailo_clip::http
