#include "http/multipart.h"

#include <gtest/gtest.h>

namespace hailo_clip::http {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=XX";

std::string Message(std::string_view type, std::string_view body) {
  const auto parts = ParseMultipart(type, body);
  return parts ? "" : parts.error().message;
}

TEST(Multipart, ReadsFieldsAndFiles) {
  using namespace std::string_view_literals;  // for the NUL
  const auto parts =
      ParseMultipart(kType,
                     "--XX\r\nContent-Disposition: form-data; name=\"prompts\"\r\n\r\na cat\r\n"
                     "--XX\r\ncontent-disposition: form-data; name=image; filename=\"a.jpg\"\r\n"
                     "Content-Type: image/jpeg\r\n\r\n\r\n--X\r\n\0binary\r\n"
                     "--XX\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--XX--\r\nignored"sv);
  ASSERT_TRUE(parts.has_value()) << parts.error().message;
  ASSERT_EQ(parts->size(), 3U);
  EXPECT_EQ((*parts)[0].name, "prompts");
  EXPECT_EQ((*parts)[0].data, "a cat");
  EXPECT_FALSE((*parts)[0].is_file);
  EXPECT_TRUE((*parts)[1].is_file);
  EXPECT_EQ((*parts)[1].data, "\r\n--X\r\n\0binary"sv);
  EXPECT_EQ((*parts)[2].data, "");
}

TEST(Multipart, KeepsBytesThatOnlyResembleTheBoundary) {
  const std::string data("\r\n--X\r\n-XX\0--XX\n", 16);
  const std::string body = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n" + data + "\r\n--XX--";
  const auto parts = ParseMultipart(kType, body);
  ASSERT_TRUE(parts.has_value()) << parts.error().message;
  EXPECT_EQ(parts->front().data, data);
}

TEST(Multipart, SaysWhatIsMalformed) {
  constexpr std::string_view kHead = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n";
  EXPECT_NE(Message("multipart/form-data", "x").find("boundary"), std::string::npos);
  EXPECT_NE(Message(kType, "").find("does not start"), std::string::npos);
  EXPECT_NE(Message(kType, "junk--XX--").find("does not start"), std::string::npos);
  EXPECT_NE(Message(kType, std::string(kHead) + "data").find("cut off"), std::string::npos);
  EXPECT_NE(Message(kType, std::string(kHead) + "data\r\n--XX").find("line end"), std::string::npos);
  EXPECT_NE(Message(kType, std::string(kHead) + "data\r\n--XXY\r\n").find("line end"), std::string::npos);
  EXPECT_NE(Message(kType, "--XX\r\n\r\ndata\r\n--XX--").find("no Content-Disposition"), std::string::npos);
  EXPECT_NE(Message(kType, "--XX\r\nContent-Disposition: form-data\r\n\r\n\r\n--XX--").find("no name"),
            std::string::npos);
  EXPECT_NE(Message(kType, "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--XX--").find("form-data"),
            std::string::npos);
  EXPECT_NE(Message(kType, "--XX\r\nno colon\r\n\r\n\r\n--XX--").find("colon"), std::string::npos);
  EXPECT_NE(Message(kType, "--XX\r\nA: " + std::string(5000, 'a') + "\r\n\r\n\r\n--XX--").find("4096"),
            std::string::npos);
  EXPECT_NE(Message(kType,
                    "--XX\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                    "\r\n--XX--")
                .find("binary"),
            std::string::npos);
}

TEST(Multipart, BoundsTheNumberOfParts) {
  std::string body;
  for (int i = 0; i < 1201; ++i) body += "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
  EXPECT_NE(Message(kType, body + "--XX--").find("1200"), std::string::npos);
}

}  // namespace
}  // namespace hailo_clip::http
