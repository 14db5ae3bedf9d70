#include "text/unicode.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <vector>

#include "text/golden_texts.h"

namespace hailo_clip {
namespace {

constexpr char32_t kEnd = 0x110000;

template <typename Value>
void FillRanges(const simdjson::dom::element& ranges, Value value, std::vector<Value>& table) {
  const simdjson::dom::array array = ranges.get_array().value_unsafe();
  for (const auto range : array) {
    const auto first = range.at(0).get_uint64().value_unsafe(), last = range.at(1).get_uint64().value_unsafe();
    for (auto code_point = first; code_point <= last; ++code_point) table.at(code_point) = value;
  }
}

TEST(Unicode, ClassesAreThoseOfTheReferenceForEveryCodePoint) {
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(golden::Read("unicode.json")).value_unsafe();
  std::vector<CharClass> expected(kEnd, CharClass::kOther);
  FillRanges(root["letter"].value_unsafe(), CharClass::kLetter, expected);
  FillRanges(root["number"].value_unsafe(), CharClass::kNumber, expected);
  FillRanges(root["space"].value_unsafe(), CharClass::kSpace, expected);
  for (char32_t c = 0; c < kEnd; ++c)
    ASSERT_EQ(ClassOf(c), expected[c]) << fmt::format("U+{:04X}", static_cast<unsigned>(c));
  for (char32_t c = 0; c < 0x80; ++c)
    ASSERT_EQ(ClassOfAscii(static_cast<char>(c)), expected[c]) << fmt::format("U+{:04X}", static_cast<unsigned>(c));
}

TEST(Unicode, LowerCaseIsThatOfTheReferenceForEveryCodePoint) {
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(golden::Read("unicode.json")).value_unsafe();
  std::map<char32_t, char32_t> expected;
  const simdjson::dom::object lower = root["lower"].get_object().value_unsafe();
  for (const auto [from, to] : lower) {
    const auto code_point = static_cast<char32_t>(std::stoul(std::string(from)));
    if (to.get_array().value_unsafe().size() == 1) {
      expected[code_point] = static_cast<char32_t>(to.at(0).get_uint64().value_unsafe());
    } else {
      EXPECT_EQ(code_point, 0x130U);
    }
  }
  EXPECT_GT(expected.size(), 1400U);
  for (char32_t c = 0; c < kEnd; ++c) {
    const auto found = expected.find(c);
    ASSERT_EQ(LowerCodePoint(c), found == expected.end() ? c : found->second)
        << fmt::format("U+{:04X}", static_cast<unsigned>(c));
  }
}

TEST(Unicode, OrderedMarksAreThoseOfTheReference) {
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(golden::Read("normal_form.json")).value_unsafe();
  std::vector<char> expected(kEnd, 0);
  FillRanges<char>(root["mark"].value_unsafe(), 1, expected);
  for (char32_t c = 0; c < kEnd; ++c)
    ASSERT_EQ(IsOrderedMark(c), expected[c] != 0) << fmt::format("U+{:04X}", static_cast<unsigned>(c));
}

TEST(Unicode, EveryScalarValueSurvivesUtf8) {
  for (char32_t c = 0; c < kEnd; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    AppendUtf8(c, text);
    const DecodedChar decoded = DecodeUtf8(text, 0);
    ASSERT_TRUE(decoded.valid) << fmt::format("U+{:04X}", static_cast<unsigned>(c));
    ASSERT_EQ(decoded.code_point, c);
    ASSERT_EQ(decoded.size, text.size());
  }
}

TEST(Unicode, BadUtf8IsOneReplacementAByte) {
  const std::string_view bad[] = {
      "\x80",              // a continuation alone
      "\xC1\xBF",          // overlong, two bytes
      "\xE0\x9F\xBF",      // overlong, three bytes
      "\xF0\x8F\xBF\xBF",  // overlong, four bytes
      "\xED\xA0\x80",      // a surrogate
      "\xF4\x90\x80\x80",  // above U+10FFFF
      "\xF5\x80\x80\x80",
      "\xFF",
      "\xE2\x82",
      "\xC3",
      "\xE2\x28\xA1",
  };
  for (const std::string_view text : bad) {
    const DecodedChar decoded = DecodeUtf8(text, 0);
    EXPECT_FALSE(decoded.valid);
    EXPECT_EQ(decoded.code_point, 0xFFFDU);
    EXPECT_EQ(decoded.size, 1U);
  }
}

}  // namespace
}  // namespace hailo_clip
