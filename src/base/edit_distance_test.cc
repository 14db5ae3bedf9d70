#include "base/edit_distance.h"

#include <gtest/gtest.h>

#include <array>

namespace hailo_clip {
namespace {

constexpr std::array<std::string_view, 4> kWords = {"prompts", "image", "top_k", "threshold"};

TEST(NearestWord, FindsTypingErrors) {
  EXPECT_EQ(NearestWord("promts", kWords), "prompts");
  EXPECT_EQ(NearestWord("iamge", kWords), "image");
  EXPECT_EQ(NearestWord("topk", kWords), "top_k");
  EXPECT_EQ(NearestWord("treshhold", kWords), "threshold");
}

TEST(NearestWord, LeavesOtherWordsAlone) {
  EXPECT_EQ(NearestWord("user", kWords), std::nullopt);
  EXPECT_EQ(NearestWord("", kWords), std::nullopt);
  EXPECT_EQ(NearestWord(std::string(5000, 'x'), kWords), std::nullopt);
}

}  // namespace
}  // namespace hailo_clip
