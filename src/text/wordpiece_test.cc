#include "text/wordpiece.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/golden_texts.h"

namespace hailo_clip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kNoLimit = 1 << 20;

std::filesystem::path Bert() { return golden::Folder().parent_path() / "bert"; }

TokenizerSpec Spec(const std::string& file) {
  TokenizerSpec spec{.kind = TokenizerKind::kWordPiece, .lower_case = true};
  spec.files.push_back(file);
  return spec;
}

const Tokenizer& Uncased() {
  static const std::unique_ptr<Tokenizer> tokenizer = CreateTokenizer(Spec("vocab.txt"), Bert()).value();
  return *tokenizer;
}

// The reference is tokenizers 0.23.3 with BERT's uncased vocabulary.
TEST(WordPiece, GivesTheReferencesIdsForEveryText) {
  const auto texts = golden::TextsWithIds(Bert() / "tokens.jsonl", "ids");
  ASSERT_EQ(texts.size(), 343U);
  for (const auto& [text, ids] : texts) EXPECT_EQ(Uncased().Encode(text, kNoLimit).ids, ids) << text;
  EXPECT_EQ(Uncased().vocabulary_size(), 30'522);
}

TEST(WordPiece, CutsAndKeepsTheEndToken) {
  const auto texts = golden::TextsWithIds(Bert() / "tokens.jsonl", "ids");
  int cut = 0;
  for (const auto& [text, ids] : texts) {
    for (const int length : {2, 3, 16}) {
      const Tokens tokens = Uncased().Encode(text, length);
      std::vector<std::int32_t> expected = ids;
      if (ids.size() > static_cast<std::size_t>(length)) {
        expected.resize(static_cast<std::size_t>(length));
        expected.back() = 102;
      }
      EXPECT_EQ(tokens.ids, expected) << text;
      EXPECT_EQ(tokens.truncated, ids.size() > static_cast<std::size_t>(length)) << text;
      cut += tokens.truncated ? 1 : 0;
    }
  }
  EXPECT_GT(cut, 300);
  EXPECT_THAT(Uncased().Encode("cat", -1).ids, ElementsAre(101, 102));
}

constexpr std::string_view kSmall = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nCaf\u00E9\ncaf\u00E9\ncafe\n##s\n##S\n!\n";

TEST(WordPiece, KeepsCaseAndAccentsOnlyOfCasedModels) {
  const auto cased = WordPieceTokenizer::Create(kSmall, false);
  ASSERT_TRUE(cased.has_value());
  EXPECT_THAT(cased->Encode("Caf\u00E9s caf\u00E9S!", 77).ids, ElementsAre(2, 4, 7, 5, 8, 9, 3));
  const auto uncased = WordPieceTokenizer::Create(kSmall, true);
  ASSERT_TRUE(uncased.has_value());
  EXPECT_THAT(uncased->Encode("Caf\u00E9s caf\u00E9S!", 77).ids, ElementsAre(2, 6, 7, 6, 7, 9, 3));
}

TEST(WordPiece, AWordThatCannotBeCutIsUnknownAsAWhole) {
  const auto tokenizer = WordPieceTokenizer::Create(kSmall, true);
  ASSERT_TRUE(tokenizer.has_value());
  EXPECT_THAT(tokenizer->Encode("cafex cafe", 77).ids, ElementsAre(2, 1, 6, 3));
  EXPECT_THAT(tokenizer->Encode(std::string(1 << 20, 'a') + " cafe", 77).ids, ElementsAre(2, 1, 6, 3));
}

TEST(WordPiece, RefusesVocabulariesThatAreNone) {
  EXPECT_THAT(WordPieceTokenizer::Create("", true).error().message, HasSubstr("[UNK] is missing"));
  EXPECT_THAT(WordPieceTokenizer::Create("[UNK]\n[CLS]\n", true).error().message, HasSubstr("[SEP] is missing"));
  EXPECT_THAT(WordPieceTokenizer::Create("a\nb\na\n", true).error().message, HasSubstr("'a' is there twice"));
  const auto wrong = CreateTokenizer(Spec("README.md"), Bert());
  EXPECT_EQ(wrong.error().code, ErrorCode::kBadModel);
  EXPECT_THAT(wrong.error().message, HasSubstr("README.md"));
}

}  // namespace
}  // namespace hailo_clip
