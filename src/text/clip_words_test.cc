#include "text/clip_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hailo_clip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  ForEachClipWord(text, [&](std::string_view word) {
    words.emplace_back(word);
    return true;
  });
  return words;
}

TEST(ClipWords, PartsLettersDigitsAndTheRest) {
  EXPECT_THAT(Words("a photo, of 42 cats!?"), ElementsAre("a", "photo", ",", "of", "4", "2", "cats", "!?"));
  EXPECT_THAT(Words(" \t\r\n\u00A0\u3000"), IsEmpty());
  EXPECT_THAT(Words(""), IsEmpty());
}

TEST(ClipWords, FindsContractions) {
  EXPECT_THAT(Words("it's they'll we've you're i'd i'm don't"),
              ElementsAre("it", "'s", "they", "'ll", "we", "'ve", "you", "'re", "i", "'d", "i", "'m", "don", "'t"));
  EXPECT_THAT(Words("'same"), ElementsAre("'s", "ame"));
  EXPECT_THAT(Words("!'s"), ElementsAre("!'", "s"));
  EXPECT_THAT(Words("'l 'r 'v '"), ElementsAre("'", "l", "'", "r", "'", "v", "'"));
}

TEST(ClipWords, CombiningMarksArePunctuation) {
  EXPECT_THAT(Words("x\u0301y"), ElementsAre("x", "\u0301", "y"));
  EXPECT_THAT(Words("\u0663\u00BD"), ElementsAre("\u0663", "\u00BD"));
  EXPECT_THAT(Words("\u4F60\u597D\U0001F600\U0001F600"), ElementsAre("\u4F60\u597D", "\U0001F600\U0001F600"));
}

TEST(ClipWords, StopsWhenTold) {
  int words = 0;
  ForEachClipWord("one two three", [&](std::string_view) { return ++words < 2; });
  EXPECT_EQ(words, 2);
}

}  // namespace
}  // namespace hailo_clip
