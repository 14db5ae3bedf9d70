#include "text/normalise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace hailo_clip {
namespace {

std::string Normalised(std::string_view text) {
  std::string out;
  AppendNormalised(text, out);
  return out;
}

TEST(Normalise, TheShortCutForAsciiEqualsTheLongWay) {
  std::string all;
  for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
  std::mt19937 random(7);
  std::uniform_int_distribution<int> byte(0, 127), length(0, 200);
  for (int i = 0; i < 2000; ++i) {
    std::string text = i == 0 ? all : std::string(static_cast<std::size_t>(length(random)), ' ');
    if (i > 0) std::ranges::generate(text, [&] { return static_cast<char>(byte(random)); });
    std::string expected;
    internal::AppendNormalisedUnicode(text, expected);
    ASSERT_EQ(Normalised(text), expected);
  }
}

TEST(Normalise, AppendsToWhatIsThere) {
  std::string out = "kept ";
  AppendNormalised("ABC ", out);
  AppendNormalised("\u00C9", out);
  EXPECT_EQ(out, "kept abc \u00E9");
}

TEST(Normalise, ComposesAndDecomposesCanonically) {
  EXPECT_EQ(Normalised("e\u0301"), "\u00E9");
  EXPECT_EQ(Normalised("\u212B"), "\u00E5");                // the angstrom sign is a letter with a ring
  EXPECT_EQ(Normalised("\u1112\u1161\u11AB"), "\uD55C");    // Hangul
  EXPECT_EQ(Normalised("q\u0307\u0323"), "q\u0323\u0307");  // canonical order
  EXPECT_EQ(Normalised("\u0344"), "\u0308\u0301");          // a mark that is two
  EXPECT_EQ(Normalised("\u0958"), "\u0915\u093C");          // excluded from composition
  EXPECT_EQ(Normalised("\uFB01"), "\uFB01");                // not compatibility
}

TEST(Normalise, LowersCharacterByCharacter) {
  EXPECT_EQ(Normalised("\u03A3\u039F\u03A3"), "\u03C3\u03BF\u03C3");  // no final sigma
  EXPECT_EQ(Normalised("\u0130"), "i\u0307");                         // and no normal form afterwards
}

// As the reference, whose Unicode is older, has it.
TEST(Normalise, LeavesWhatCameAfterTheReferencesUnicodeInPlace) {
  EXPECT_EQ(Normalised("a\u1ABF\u0334"), "a\u1ABF\u0334");
  EXPECT_EQ(Normalised("\U00011935\U00011930"), "\U00011935\U00011930");
  EXPECT_EQ(Normalised("\U00011938"), "\U00011938");
}

TEST(Normalise, ReplacesEachBadByte) { EXPECT_EQ(Normalised("A\xE2\x82Z"), "a\uFFFD\uFFFDz"); }

}  // namespace
}  // namespace hailo_clip
