#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace hailo_clip {
namespace {

TEST(JsonWriter, PlacesCommas) {
  JsonWriter json;
  json.BeginObject().Key("a").Integer(1).Key("b").BeginArray().Bool(true).Null().String("x").EndArray();
  json.Key("c").BeginObject().EndObject().Key("d").Raw("[1]").EndObject();
  EXPECT_EQ(json.text(), R"({"a":1,"b":[true,null,"x"],"c":{},"d":[1]})");
}

TEST(JsonWriter, EscapesAndKeepsUtf8) {
  JsonWriter json;
  json.String("q\" b\\ n\n t\t nul\x01 del\x7f caf\xC3\xA9 \xF0\x9F\x90\x88");
  EXPECT_EQ(json.text(), "\"q\\\" b\\\\ n\\n t\\t nul\\u0001 del\\u007f caf\xC3\xA9 \xF0\x9F\x90\x88\"");
}

TEST(JsonWriter, ReplacesBytesThatAreNotUtf8) {
  for (const std::string_view bad : {"\xFF", "\xC3", "\xC0", "\x80"}) {
    JsonWriter json;
    json.String(bad);
    EXPECT_EQ(json.text(), "\"\xEF\xBF\xBD\"");
  }
  JsonWriter surrogate;
  surrogate.String("\xED\xA0\x80");
  EXPECT_EQ(surrogate.text(), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonWriter, WritesFloatsWithTheShortestDigitsThatReadBackEqual) {
  JsonWriter json;
  json.Floats(std::array{0.1F, -1.5F, 3.0e-8F, 16777216.0F, std::numeric_limits<float>::infinity(), std::nanf("")});
  EXPECT_EQ(json.text(), "[0.1,-1.5,3e-08,16777216,null,null]");
}

}  // namespace
}  // namespace hailo_clip
