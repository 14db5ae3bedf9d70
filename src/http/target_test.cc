#include "http/target.h"

#include <gtest/gtest.h>

namespace hailo_clip::http {
namespace {

TEST(ParseTarget, DecodesPathAndQuery) {
  const auto target = ParseTarget("/v1/models/a%2Fb+c?prompts=a%20cat&prompts=a+dog&&flag#x");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, "/v1/models/a/b+c");
  const std::vector<std::pair<std::string, std::string>> query{
      {"prompts", "a cat"}, {"prompts", "a dog"}, {"flag", ""}};
  EXPECT_EQ(target->query, query);
}

TEST(ParseTarget, TakesTheAbsoluteForm) {
  EXPECT_EQ(ParseTarget("http://pi:5000/health")->path, "/health");
  EXPECT_EQ(ParseTarget("http://pi:5000")->path, "/");
}

TEST(ParseTarget, RefusesWhatIsBroken) {
  for (const char* target : {"", "*", "health", "/%", "/%4", "/%zz", "/%00", "/a?b=%f"})
    EXPECT_FALSE(ParseTarget(target).has_value()) << target;
}

TEST(ParseTarget, BoundsTheParameters) {
  std::string target = "/?";
  for (int i = 0; i < 1100; ++i) target += "a&";
  EXPECT_TRUE(ParseTarget(target).has_value());
  EXPECT_FALSE(ParseTarget(target + "a").has_value());
}

}  // namespace
}  // namespace hailo_clip::http
