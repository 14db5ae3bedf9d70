#include "http/long_strings.h"

#include <gtest/gtest.h>

#include "http/fields.h"

namespace hailo_clip::http {
namespace {

const std::string kLong(LongStrings::kLeast, 'A');

TEST(LongStrings, StayInTheBodyWithAMarkInTheirPlace) {
  const std::string other = kLong + "+/=";
  const std::string body = R"({"image":")" + kLong + R"(","text":"a \"b\" {","images":[")" + other + R"(","short"]})";
  const auto taken = LongStrings::TakeFrom(body);
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->json, R"({"image":"\u00000","text":"a \"b\" {","images":["\u00001","short"]})");
  using std::string_literals::operator""s;
  EXPECT_EQ(taken->Find("\0000"s), kLong);
  EXPECT_EQ(taken->Find("\0000"s).data(), body.data() + body.find(kLong));
  EXPECT_EQ(taken->Find("\0001"s), other);
  EXPECT_EQ(taken->Find("\0002"s), "\0002"s) << "no mark of this body";
  EXPECT_EQ(taken->Find("short"), "short");
}

TEST(LongStrings, AreTakenOnlyIfTheyAreLongPlainAndWhole) {
  const std::string most = kLong.substr(1);
  for (const std::string& inside :
       {most, most + R"(\/)", kLong + R"(\n)", kLong + "\n", kLong + "\x7F", kLong + "\xC3\xA9"})
    EXPECT_FALSE(LongStrings::TakeFrom("[\"" + inside + "\"]").has_value()) << inside.substr(kLong.size() - 1);
  EXPECT_FALSE(LongStrings::TakeFrom("[\"" + kLong).has_value());
  EXPECT_TRUE(LongStrings::TakeFrom("[\"" + kLong + "\"").has_value()) << "the parser finds what is wrong around them";
}

TEST(LongStrings, AreLeftWhereAClientSendsWhatMightPassForAMark) {
  for (const std::string& body : {R"(["\u00000",")" + kLong + "\"]", "[\"" + kLong + R"(","\u00000"])"})
    EXPECT_FALSE(LongStrings::TakeFrom(body).has_value());
}

TEST(LongStrings, AreFoundByFieldsAsIfParsed) {
  std::string body = R"({"image":")" + kLong + R"(","images":["a",")" + kLong + R"("]})";
  const auto document = JsonDocument::ParseAround(body);
  ASSERT_TRUE(document.has_value());
  const auto fields = Fields::Of(*document, {});
  ASSERT_TRUE(fields.has_value());
  EXPECT_EQ(fields->String("image")->value(), kLong);
  EXPECT_EQ(fields->Strings("images", 2)->value(), (std::vector<std::string_view>{"a", kLong}));
}

TEST(LongStrings, MalformedJsonAroundThemIsRefused) {
  for (const std::string_view before : {"{\"image\":", "{\"a\" \"image\":", "\\\"", "[1 ", "{\"image\":\"\"", "\xFF"})
    for (const std::string_view after : {"", ",]", "}}"}) {
      std::string body = std::string(before) + "\"" + kLong + "\"" + std::string(after), plain = body;
      if (JsonDocument::Parse(plain)) continue;
      EXPECT_FALSE(JsonDocument::ParseAround(body).has_value()) << before << " and " << after;
    }
}

}  // namespace
}  // namespace hailo_clip::http
