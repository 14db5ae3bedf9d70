#include "engine/label_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/prompt_template.h"

namespace hailo_clip {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<LabelSet> Parse(std::string json) { return ParseLabelSet(json); }

std::string ErrorOf(std::string json) {
  const auto set = Parse(std::move(json));
  return set ? "" : set.error().message;
}

TEST(LabelSet, SurvivesTheWayToJsonAndBack) {
  const LabelSet set{.labels = {"a cat", "\"ein\" Hündchen\n", "x"},
                     .templates = {"a photo of {}.", "{}"},
                     .descriptions = {{"x", {"the letter x", "a cross"}}},
                     .threshold = 0.25,
                     .reject_below = -0.5};
  const auto again = Parse(FormatLabelSet(set));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->labels, set.labels);
  EXPECT_EQ(again->templates, set.templates);
  EXPECT_EQ(again->descriptions, set.descriptions);
  EXPECT_EQ(again->threshold, set.threshold);
  EXPECT_EQ(again->reject_below, set.reject_below);
  EXPECT_EQ(TextsDigest(*again), TextsDigest(set));
  const auto photo = Parse(R"({"labels":["a"],"templates":"photo"})");
  EXPECT_EQ(Parse(FormatLabelSet(*photo))->templates, photo->templates);
}

TEST(LabelSet, ALabelIsItselfOrInItsTemplatesOrItsDescriptions) {
  LabelSet set{.labels = {"cat", "dog"}, .descriptions = {{"dog", {"a barking animal", "a puppy"}}}};
  EXPECT_THAT(TextsOf(set, 0), ElementsAre("cat"));
  set.templates = {"a {}.", "one {}"};
  EXPECT_THAT(TextsOf(set, 0), ElementsAre("a cat.", "one cat"));
  EXPECT_THAT(TextsOf(set, 1), ElementsAre("a barking animal", "a puppy"));
  set.templates = {"photo"};
  EXPECT_EQ(TextsOf(set, 0).size(), PhotoTemplates().size());
}

TEST(LabelSet, TheDigestIsThatOfTheTextsAlone) {
  const LabelSet set{.labels = {"ab", "c"}};
  LabelSet other = set;
  other.threshold = 0.5;
  other.reject_below = 0.1;
  EXPECT_EQ(TextsDigest(other), TextsDigest(set));
  EXPECT_NE(TextsDigest({.labels = {"a", "bc"}}), TextsDigest(set));
  EXPECT_NE(TextsDigest({.labels = {"c", "ab"}}), TextsDigest(set));
  EXPECT_NE(TextsDigest({.labels = {"ab", "c"}, .descriptions = {{"c", {"c", "c"}}}}), TextsDigest(set));
}

TEST(LabelSet, NamesWhatIsWrong) {
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("Missing 'labels'"));
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(ErrorOf(R"({"labels":[})"), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOf(R"({"labels":[]})"), HasSubstr("1 to 100000 labels, not 0"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a",7]})"), HasSubstr("'labels'[1] must be a string"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a","  "]})"), HasSubstr("'labels'[1] must not be empty"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a\u0000"]})"), HasSubstr("NUL"));
  EXPECT_THAT(ErrorOf(R"({"labels":["b","a","b"]})"), HasSubstr("'labels'[2] is the same as [0], 'b'"));
  EXPECT_THAT(ErrorOf(R"({"labels":[")" + std::string(4'001, 'x') + R"("]})"), HasSubstr("longer than 4000 bytes"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a"],"templates":"foto"})"), HasSubstr("must be \"photo\""));
  EXPECT_THAT(ErrorOf(R"({"labels":["a"],"templates":["x {}","y"]})"),
              HasSubstr("'templates'[1]: a template needs {}"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a"],"descriptions":{"b":["c"]}})"), HasSubstr("'b' is not among the labels"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a"],"descriptions":{"a":[]}})"), HasSubstr("must have 1 to 100 texts"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a"],"descriptions":{"a":"c"}})"), HasSubstr("must be an array of strings"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a"],"descriptions":{"a":["c"],"a":["d"]}})"), HasSubstr("'a' occurs twice"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a"],"threshold":1.5})"), HasSubstr("'threshold' must be a number from 0 to 1"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a"],"reject_below":"x"})"), HasSubstr("'reject_below' must be a number"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a"],"treshold":0.5})"), HasSubstr("unknown field 'treshold'"));
  EXPECT_THAT(ErrorOf(R"({"labels":["a"],"labels":["b"]})"), HasSubstr("'labels' occurs twice"));
}

TEST(LabelSet, HasAtMostAHundredThousandLabels) {
  LabelSet set;
  for (std::size_t i = 0; i < kMaxLabels; ++i) set.labels.push_back(fmt::format("label {}", i));
  EXPECT_TRUE(CheckLabelSet(set).has_value());
  set.templates = {"photo"};
  EXPECT_TRUE(CheckLabelSet(set).has_value());
  set.templates.assign(11, "a {}");
  EXPECT_THAT(CheckLabelSet(set).error().message, HasSubstr("1100000 texts, more than 1000000"));
  set.templates.clear();
  set.labels.emplace_back("one more");
  EXPECT_THAT(CheckLabelSet(set).error().message, HasSubstr("1 to 100000 labels, not 100001"));
}

TEST(LabelSetName, IsSafeAsAFileName) {
  for (const char* good : {"a", "0", "home-security", "a_b-c9"}) EXPECT_TRUE(CheckLabelSetName(good)) << good;
  EXPECT_TRUE(CheckLabelSetName(std::string(64, 'a')));
  for (const char* bad : {"", ".", "..", "../x", "a/b", "-a", "_a", "A", "a.json", "a b", "\xC3\xA4", "a\n"})
    EXPECT_FALSE(CheckLabelSetName(bad)) << bad;
  EXPECT_FALSE(CheckLabelSetName(std::string(65, 'a')));
  EXPECT_FALSE(CheckLabelSetName(std::string_view("a\0", 2)));
}

}  // namespace
}  // namespace hailo_clip
