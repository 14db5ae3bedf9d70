#include "text/prompt_template.h"

#include <gtest/gtest.h>

#include <set>

namespace hailo_clip {
namespace {

TEST(PromptTemplate, ThePhotoSetIsWellFormedAndWithoutRepeats) {
  const auto templates = PhotoTemplates();
  EXPECT_GE(templates.size(), 8U);
  EXPECT_EQ(std::set<std::string_view>(templates.begin(), templates.end()).size(), templates.size());
  for (const std::string_view text : templates) EXPECT_TRUE(CheckTemplate(text).has_value()) << text;
}

TEST(PromptTemplate, WantsExactlyOnePlace) {
  EXPECT_TRUE(CheckTemplate("{}").has_value());
  for (const std::string_view text : {"", "a photo", "a { } b", "{} and {}", "{}{}"}) {
    const Status status = CheckTemplate(text);
    ASSERT_FALSE(status.has_value()) << text;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(status.error().message.find("{}"), std::string::npos);
  }
}

TEST(PromptTemplate, PutsThePromptAsItIs) {
  EXPECT_EQ(FillTemplate("a photo of a {}.", "cat"), "a photo of a cat.");
  EXPECT_EQ(FillTemplate("{}", "a {} in braces"), "a {} in braces");
  EXPECT_EQ(FillTemplate("{}!", ""), "!");
}

}  // namespace
}  // namespace hailo_clip
