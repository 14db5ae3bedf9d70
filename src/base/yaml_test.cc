#include "base/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace hailo_clip {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view text, const YamlLimits& limits = {}) {
  const Result<YamlNode> node = ParseYaml(text, "f.yaml", limits);
  return node.has_value() ? "(no error)" : node.error().message;
}

TEST(Yaml, KeepsOrderLinesAndText) {
  const auto root = ParseYaml("# a comment\na: 1\nb:\n  - x\n  - 'y z'\nc: {d: \"\", e: ~}\n", "f.yaml");
  ASSERT_TRUE(root.has_value()) << root.error().message;
  ASSERT_EQ(root->children.size(), 3U);
  EXPECT_EQ(root->children[0].key, "a");
  EXPECT_EQ(root->children[0].text, "1");
  EXPECT_EQ(root->children[0].line, 2);
  const YamlNode* list = root->Find("b");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->kind, YamlNode::Kind::kSequence);
  EXPECT_EQ(list->line, 3);
  ASSERT_EQ(list->children.size(), 2U);
  EXPECT_EQ(list->children[1].text, "y z");
  EXPECT_EQ(list->children[1].line, 5);
  const YamlNode* map = root->Find("c");
  ASSERT_NE(map, nullptr);
  EXPECT_EQ(map->Find("d")->kind, YamlNode::Kind::kScalar);
  EXPECT_EQ(map->Find("e")->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(map->Find("f"), nullptr);
}

TEST(Yaml, EmptyTextIsNull) {
  for (const std::string_view text : {"", "\n", "# only a comment\n", "---\n"}) {
    const auto root = ParseYaml(text, "f.yaml");
    ASSERT_TRUE(root.has_value()) << text;
    EXPECT_EQ(root->kind, YamlNode::Kind::kNull) << text;
  }
}

TEST(Yaml, NamesTheLineOfASyntaxError) {
  EXPECT_THAT(ErrorOf("a: 1\nb: [1, 2\nc: 3\n"), HasSubstr("f.yaml:"));
  EXPECT_THAT(ErrorOf("a: 1\n\tb: 2\n"), HasSubstr("f.yaml:2: "));
}

TEST(Yaml, RefusesDuplicateKeys) { EXPECT_EQ(ErrorOf("a: 1\nb: 2\na: 3\n"), "f.yaml:3: the key 'a' is there twice"); }

TEST(Yaml, RefusesKeysThatAreNotWords) {
  EXPECT_THAT(ErrorOf("? [a, b]\n: 1\n"), HasSubstr("a key must be a word"));
  EXPECT_THAT(ErrorOf("~: 1\n"), HasSubstr("a key is missing"));
}

TEST(Yaml, RefusesWhatAttackersUse) {
  EXPECT_THAT(ErrorOf("a: &x [1, 1]\nb: [*x, *x]\n"), HasSubstr("anchors"));
  EXPECT_THAT(ErrorOf("a: &x 1\n"), HasSubstr("f.yaml:1: anchors"));
  EXPECT_THAT(ErrorOf("a: !!binary x\n"), HasSubstr("tags"));
  EXPECT_THAT(ErrorOf("a: 1\n---\nb: 2\n"), HasSubstr("second document"));
  EXPECT_THAT(ErrorOf("a: x\x04y\n"), HasSubstr("control character 0x04"));
  EXPECT_THAT(ErrorOf(std::string("\xFF\xFE") + "a"), HasSubstr("not UTF-8"));
  EXPECT_THAT(ErrorOf("a: \xED\xA0\x80\n"), HasSubstr("not UTF-8"));  // a surrogate
  EXPECT_THAT(ErrorOf(std::string(100'000, '[')), HasSubstr("f.yaml:1: "));
  EXPECT_THAT(ErrorOf("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"), HasSubstr("nested deeper than 16"));
}

TEST(Yaml, HoldsItsLimits) {
  const auto large = ParseYaml("a: 12345", "f.yaml", {.max_bytes = 7});
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(ErrorOf("[1, 2, 3, 4]", {.max_nodes = 4}), HasSubstr("more than 4 values"));
  EXPECT_EQ(ErrorOf("[1, 2, 3, 4]", {.max_nodes = 5}), "(no error)");
}

TEST(Yaml, QuotedTextReadsBackEqual) {
  for (const std::string& text :
       {std::string("plain"), std::string("a \"b\" \\ # : {x}"), std::string("\n\t\r\x01\x7F"),
        std::string("caf\xC3\xA9 \xF0\x9F\x98\x80 \xE2\x80\xA8"), std::string()}) {
    const auto root = ParseYaml(QuoteYaml(text), "f.yaml");
    ASSERT_TRUE(root.has_value()) << root.error().message;
    EXPECT_EQ(root->kind, YamlNode::Kind::kScalar);
    EXPECT_EQ(root->text, text);
  }
}

}  // namespace
}  // namespace hailo_clip
