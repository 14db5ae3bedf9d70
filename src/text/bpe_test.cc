#include "text/bpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "text/clip_vocabulary.h"
#include "text/golden_texts.h"

namespace hailo_clip {
namespace {

using ::testing::ElementsAre;

TEST(MergeTable, FindsWhatWasAddedInOrder) {
  MergeTable table;
  EXPECT_EQ(table.Find(1, 2).rank, MergeTable::kNoRank);
  for (BpeId i = 0; i < 5000; ++i) ASSERT_TRUE(table.Add(i, static_cast<BpeId>(i * 3), static_cast<BpeId>(i + 7)));
  for (BpeId i = 0; i < 5000; ++i) {
    const auto merge = table.Find(i, static_cast<BpeId>(i * 3));
    ASSERT_EQ(merge.rank, i);
    ASSERT_EQ(merge.result, i + 7);
  }
  EXPECT_EQ(table.Find(3, 8).rank, MergeTable::kNoRank);
}

TEST(MergeTable, RefusesAPairTwice) {
  MergeTable table;
  EXPECT_TRUE(table.Add(1, 2, 3));
  EXPECT_FALSE(table.Add(1, 2, 4));
  EXPECT_EQ(table.Find(1, 2).result, 3);
}

TEST(MergeTable, HoldsAsManyAsRanksReach) {
  MergeTable table;
  for (int i = 0; i < 65'535; ++i) ASSERT_TRUE(table.Add(static_cast<BpeId>(i), 9, 9));
  EXPECT_FALSE(table.Add(65'535, 9, 9));
}

// The textbook way: as long as a pair has a rank, merge the leftmost pair of lowest rank. Quadratic.
std::vector<BpeId> Reference(const BpeRules& rules, std::string_view word) {
  std::vector<BpeId> ids;
  for (const char c : word) ids.push_back(rules.bytes[static_cast<unsigned char>(c)]);
  ids.back() = rules.last_bytes[static_cast<unsigned char>(word.back())];
  for (;;) {
    MergeTable::Merge best;
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto merge = rules.merges.Find(ids[i], ids[i + 1]);
      if (merge.rank < best.rank) {
        best = merge;
        at = i;
      }
    }
    if (best.rank == MergeTable::kNoRank) return ids;
    ids[at] = best.result;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

TEST(BpeEncoder, EqualsTheTextbookOnRandomWords) {
  const auto vocabulary = ReadGzippedMerges(golden::Read("bpe_simple_vocab_16e6.txt.gz"));
  ASSERT_TRUE(vocabulary.has_value());
  BpeEncoder encoder(vocabulary->rules);
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string word(1 + random() % 60, ' ');
    const bool letters = random() % 4 != 0;
    const auto alphabet = 1 + random() % 26;  // few letters: many equal pairs side by side
    for (char& c : word) c = static_cast<char>(letters ? 'a' + random() % alphabet : random() % 256);
    ASSERT_EQ(encoder.Encode(word), Reference(vocabulary->rules, word)) << word;
  }
}

TEST(BpeEncoder, TakesTheLeftmostOfEqualPairs) {
  BpeRules rules;
  rules.bytes['a'] = 1;
  rules.last_bytes['a'] = 2;
  ASSERT_TRUE(rules.merges.Add(1, 1, 3));
  BpeEncoder encoder(rules);
  EXPECT_THAT(encoder.Encode("aaaa"), ElementsAre(3, 1, 2));
  EXPECT_THAT(encoder.Encode("a"), ElementsAre(2));
}

}  // namespace
}  // namespace hailo_clip
