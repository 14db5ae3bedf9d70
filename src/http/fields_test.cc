#include "http/fields.h"

#include <gtest/gtest.h>

#include <array>

namespace hailo_clip::http {
namespace {

constexpr std::array<std::string_view, 5> kKnown{"prompts", "top_k", "threshold", "model", "on"};

std::string ParseError(std::string text) {
  const auto document = JsonDocument::Parse(text);
  return document ? "" : document.error().message;
}

std::string FieldsError(std::string text) {
  const auto document = JsonDocument::Parse(text);
  if (!document) return "no JSON";
  const auto fields = Fields::Of(*document, kKnown);
  return fields ? "" : fields.error().message;
}

// Calls `read` on the fields of `text` and gives its error's message.
template <typename Read>
std::string ReadError(std::string text, Read read) {
  const auto document = JsonDocument::Parse(text);
  if (!document) return "no JSON";
  const auto fields = Fields::Of(*document, kKnown);
  if (!fields) return fields.error().message;
  const auto value = read(*fields);
  return value ? "" : value.error().message;
}

TEST(JsonDocument, SaysWhatIsMalformed) {
  EXPECT_EQ(ParseError("{}"), "");
  EXPECT_NE(ParseError("").find("No JSON body"), std::string::npos);
  EXPECT_NE(ParseError(" \n").find("No JSON body"), std::string::npos);
  EXPECT_NE(ParseError("{\"a\":").find("malformed JSON body"), std::string::npos);
  EXPECT_NE(ParseError("{\"a\":1}{").find("malformed JSON body"), std::string::npos);
  EXPECT_NE(ParseError("\"\xFF\"").find("UTF-8"), std::string::npos);
  EXPECT_NE(ParseError("[\"\\ud800\"]").find("surrogate"), std::string::npos);
  EXPECT_NE(ParseError("[1e999]").find("number"), std::string::npos);
  EXPECT_NE(ParseError("[99999999999999999999999]").find("malformed JSON body"), std::string::npos);
  EXPECT_NE(ParseError("[\"a\nb\"]").find("control character"), std::string::npos);
  EXPECT_NE(ParseError("[\"a").find("does not end"), std::string::npos);
}

TEST(JsonDocument, BoundsDepthAndSize) {
  EXPECT_EQ(ParseError(std::string(60, '[') + std::string(60, ']')), "");
  EXPECT_NE(ParseError(std::string(70, '[') + std::string(70, ']')).find("deeper than 64"), std::string::npos);
  EXPECT_NE(ParseError(std::string(500'000, '[') + std::string(500'000, ']')).find("deeper than 64"),
            std::string::npos);
  std::string many = "[0";
  for (int i = 0; i < 500'001; ++i) many += ",0";
  EXPECT_NE(ParseError(many + "]").find("500000"), std::string::npos);
}

TEST(Fields, WantsAnObject) {
  EXPECT_EQ(FieldsError("[]"), "the JSON body must be an object, not an array");
  EXPECT_EQ(FieldsError("\"x\""), "the JSON body must be an object, not a string");
}

TEST(Fields, RefusesNamesThatOccurTwice) {
  EXPECT_EQ(FieldsError(R"({"model":"a","x":1,"model":"b"})"), "field 'model' occurs twice");
}

TEST(Fields, RefusesNearMissesOfAbsentFields) {
  EXPECT_EQ(FieldsError(R"({"promts":[]})"), "unknown field 'promts'; did you mean 'prompts'?");
  EXPECT_EQ(FieldsError(R"({"prompt":[]})"), "unknown field 'prompt'; did you mean 'prompts'?");
  EXPECT_EQ(FieldsError(R"({"topK":1})"), "unknown field 'topK'; did you mean 'top_k'?");
  EXPECT_EQ(FieldsError(R"({"treshold":1})"), "unknown field 'treshold'; did you mean 'threshold'?");
}

TEST(Fields, IgnoresOtherExtras) {
  EXPECT_EQ(FieldsError(R"({"user":"x","models":["a"],"stream":false,"n":1,"temperature":0})"), "");
  EXPECT_EQ(FieldsError(R"({"prompts":[],"prompt":"x"})"), "") << "the real field is there";
}

TEST(Fields, TakesNullAsAbsent) {
  EXPECT_EQ(ReadError(R"({"top_k":null})", [](const Fields& f) { return f.Integer("top_k", 1); }), "");
}

TEST(Fields, NamesTheFieldAndWhatItMustBe) {
  const auto top_k = [](const Fields& f) { return f.Integer("top_k", 1); };
  const auto threshold = [](const Fields& f) { return f.Number("threshold", 0, 1); };
  const auto prompts = [](const Fields& f) { return f.Strings("prompts", 2); };
  for (const char* bad : {"0", "-1", "1.5", "\"3\"", "true", "18446744073709551615"})
    EXPECT_EQ(ReadError(fmt::format(R"({{"top_k":{}}})", bad), top_k), "field 'top_k' must be an integer >= 1") << bad;
  for (const char* bad : {"-0.1", "1.01", "\"0.5\"", "[]"})
    EXPECT_EQ(ReadError(fmt::format(R"({{"threshold":{}}})", bad), threshold),
              "field 'threshold' must be a number from 0 to 1");
  EXPECT_EQ(ReadError(R"({"threshold":1})", threshold), "");
  EXPECT_EQ(ReadError(R"({"prompts":"a"})", prompts), "field 'prompts' must be an array of strings, not a string");
  EXPECT_EQ(ReadError(R"({"prompts":["a",1]})", prompts), "field 'prompts'[1] must be a string, not a number");
  EXPECT_EQ(ReadError(R"({"prompts":[]})", prompts), "field 'prompts' must not be empty");
  EXPECT_EQ(ReadError(R"({"prompts":["a","b","c"]})", prompts), "field 'prompts' has more than 2 members");
  EXPECT_EQ(ReadError(R"({"model":7})", [](const Fields& f) { return f.String("model"); }),
            "field 'model' must be a string, not a number");
  EXPECT_EQ(ReadError(R"({"on":"yes"})", [](const Fields& f) { return f.Bool("on"); }),
            "field 'on' must be true or false, not a string");
}

TEST(CheckText, RefusesEmptyLongAndNul) {
  EXPECT_TRUE(CheckText(" a ", 3, "x").has_value());
  EXPECT_EQ(CheckText(" \t\n", 9, "x").error().message, "x must not be empty");
  EXPECT_EQ(CheckText("abcd", 3, "x").error().message, "x is longer than 3 bytes");
  EXPECT_EQ(CheckText(std::string_view("a\0b", 3), 9, "x").error().message, "x holds a NUL character");
}

}  // namespace
}  // namespace hailo_clip::http
