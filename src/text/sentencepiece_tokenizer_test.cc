#include "text/sentencepiece_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/clean_text.h"
#include "text/golden_texts.h"
#include "text/sentencepiece_file.h"

namespace hailo_clip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kNoLimit = 1 << 20;

std::filesystem::path Folder() { return golden::Folder().parent_path() / "sentencepiece"; }

TokenizerSpec Spec(const std::string& file, SentencePieceIds ids, TextCleaning clean) {
  return {.kind = TokenizerKind::kSentencePiece, .files = {file}, .ids = ids, .clean = clean};
}

struct Rule {
  const char* name;  // of the ids in tokens.jsonl
  const char* file;
  SentencePieceIds ids;
  TextCleaning clean;
};

class SentencePieceGolden : public ::testing::TestWithParam<Rule> {};

// The reference is the Python package sentencepiece 0.2.3 with the rules of tests/data/sentencepiece/make.py.
TEST_P(SentencePieceGolden, GivesTheReferencesIdsForEveryText) {
  const Rule& rule = GetParam();
  const auto tokenizer = CreateTokenizer(Spec(rule.file, rule.ids, rule.clean), Folder()).value();
  const auto texts = golden::TextsWithIds(Folder() / "tokens.jsonl", rule.name);
  ASSERT_EQ(texts.size(), 600U);
  for (const auto& [text, ids] : texts) {
    EXPECT_EQ(tokenizer->Encode(text, kNoLimit).ids, ids) << text;
    const Tokens cut = tokenizer->Encode(text, 8);
    std::vector<std::int32_t> expected = ids;
    if (ids.size() > 8) {
      expected.resize(8);
      expected.back() = ids.back();
    }
    EXPECT_EQ(cut.ids, expected) << text;
    EXPECT_EQ(cut.truncated, ids.size() > 8) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, SentencePieceGolden,
    ::testing::Values(Rule{"siglip", "t5.model", SentencePieceIds::kT5, TextCleaning::kSiglip},
                      Rule{"xlm_roberta", "xlm_roberta.model", SentencePieceIds::kXlmRoberta, TextCleaning::kNone},
                      Rule{"siglip2", "gemma.model", SentencePieceIds::kT5, TextCleaning::kLowerCase}),
    [](const auto& rule) { return std::string(rule.param.name); });

TEST(CleanText, DoesWhatItsNameSays) {
  constexpr std::string_view text = "\t A_Cat's\u2581\u2581PHOTO, 50%\u00A0\n!\xFF";
  EXPECT_EQ(CleanText(text, TextCleaning::kNone), "\t A_Cat's\u2581\u2581PHOTO, 50%\u00A0\n!\uFFFD");
  EXPECT_EQ(CleanText(text, TextCleaning::kLowerCase), "\t a_cat's\u2581\u2581photo, 50%\u00A0\n!\uFFFD");
  EXPECT_EQ(CleanText(text, TextCleaning::kSiglip), "acats photo 50 \uFFFD");
  EXPECT_EQ(CleanText(text, TextCleaning::kOpenClip), "a cats photo 50 \uFFFD");
  EXPECT_EQ(CleanText("?! ", TextCleaning::kSiglip), "");
}

TEST(SentencePiece, AnEmptyTextIsItsFrameAlone) {
  const auto t5 = CreateTokenizer(Spec("t5.model", SentencePieceIds::kT5, TextCleaning::kSiglip), Folder()).value();
  EXPECT_THAT(t5->Encode("", 64).ids, ElementsAre(1));
  const auto roberta =
      CreateTokenizer(Spec("xlm_roberta.model", SentencePieceIds::kXlmRoberta, TextCleaning::kNone), Folder()).value();
  EXPECT_THAT(roberta->Encode("", 64).ids, ElementsAre(0, 2));
  EXPECT_THAT(roberta->Encode("a cat", 0).ids, ElementsAre(0, 2));
  EXPECT_EQ(roberta->vocabulary_size(), 701);
}

TEST(SentencePiece, RefusesFilesThatAreNoModelOrLackTheEndToken) {
  const auto other = CreateTokenizer(Spec("make.py", SentencePieceIds::kT5, TextCleaning::kNone), Folder());
  EXPECT_EQ(other.error().code, ErrorCode::kBadModel);
  EXPECT_THAT(other.error().message, HasSubstr("no SentencePiece model"));
  EXPECT_THAT(other.error().message, HasSubstr("make.py"));
  // Two pieces: "<unk>" of the type unknown, and "a".
  const std::string small =
      "\x0A\x09\x0A\x05<unk>\x18\x02\x0A\x03\x0A\x01"
      "a";
  const auto no_end = SentencePieceTokenizer::Create(small, Spec("", SentencePieceIds::kT5, TextCleaning::kNone));
  EXPECT_THAT(no_end.error().message, HasSubstr("no end token"));
  EXPECT_TRUE(
      SentencePieceTokenizer::Create(small, Spec("", SentencePieceIds::kXlmRoberta, TextCleaning::kNone)).has_value());
}

// Whatever one byte is turned into, the file is refused or works; what the check lets through must not crash.
TEST(SentencePiece, DamagedFilesAreRefusedOrWork) {
  const std::string good = ReadFile(Folder() / "t5.model", 1 << 20).value();
  const TokenizerSpec spec = Spec("", SentencePieceIds::kT5, TextCleaning::kSiglip);
  int refused = 0;
  for (std::size_t at = 0; at < good.size(); at += 97) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(~static_cast<unsigned char>(damaged[at]));
    const auto tokenizer = SentencePieceTokenizer::Create(damaged, spec);
    if (!tokenizer.has_value()) {
      ++refused;
    } else {
      EXPECT_GE((*tokenizer)->Encode("a photo of a cat", 64).ids.size(), 1U);
    }
  }
  EXPECT_GT(refused, 10);
  for (const std::size_t size : {0UL, 1UL, 100UL, good.size() - 1})
    EXPECT_FALSE(SentencePieceTokenizer::Create(good.substr(0, size), spec).has_value()) << size;
}

TEST(SentencePieceFile, RefusesRulesThatLeaveTheirTables) {
  const std::string good = ReadFile(Folder() / "xlm_roberta.model", 1 << 20).value();
  ASSERT_TRUE(CheckSentencePieceFile(good).has_value());
  // The rules are the longest run of bytes near the end: a unit of all ones leads far outside.
  std::string damaged = good;
  const std::size_t inside = good.size() - 200'000;
  damaged.replace(inside, 64, std::string(64, '\x7F'));
  EXPECT_THAT(CheckSentencePieceFile(damaged).error().message, HasSubstr("normalisation rules are damaged"));
}

TEST(SentencePieceFile, RefusesPiecesThatAreNoText) {
  const auto message = [](std::string_view piece) {
    std::string model = {'\x0A', static_cast<char>(piece.size() + 2), '\x0A', static_cast<char>(piece.size())};
    return CheckSentencePieceFile(model.append(piece));
  };
  EXPECT_TRUE(message("ab").has_value());
  EXPECT_THAT(message("").error().message, HasSubstr("piece 0 is no text"));
  EXPECT_THAT(message({"a\0b", 3}).error().message, HasSubstr("piece 0 is no text"));
}

}  // namespace
}  // namespace hailo_clip
