#include "text/tokenizer_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/chars_map.h"
#include "text/golden_texts.h"
#include "text/sentencepiece_tokenizer.h"

namespace hailo_clip {
namespace {

using ::testing::HasSubstr;

constexpr int kNoLimit = 1 << 20;

std::filesystem::path Folder() { return golden::Folder().parent_path() / "sentencepiece"; }

TokenizerSpec Spec(TextCleaning clean = TextCleaning::kNone) {
  return {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kTokenizerJson, .clean = clean};
}

std::string Json(const std::string& name) { return ReadFile(Folder() / (name + ".json"), 1 << 20).value(); }

void Replace(std::string& text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

// XLM-Roberta's file as newer versions of transformers write it.
std::string NewerXlmRoberta() {
  std::string json = Json("xlm_roberta");
  Replace(json, R"("normalizer":{)", R"("normalizer":{"type":"Sequence","normalizers":[{)");
  Replace(json, R"(},"pre_tokenizer":)",
          R"(},{"type":"Strip","strip_left":false,"strip_right":true},
             {"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"}]},"pre_tokenizer":)");
  const std::size_t begin = json.find(R"({"type":"Sequence","pretokenizers")");
  const std::size_t end = json.find(R"(,"post_processor")");
  return json.replace(begin, end - begin,
                      R"({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true})");
}

class TokenizerJsonGolden : public ::testing::TestWithParam<const char*> {};

// The references are the Python packages tokenizers 0.23.3 and sentencepiece 0.2.3; where they differ,
// tests/data/sentencepiece/make_json.py says which one counts.
TEST_P(TokenizerJsonGolden, GivesTheReferencesIdsForEveryText) {
  const std::string name = GetParam();
  const auto tokenizer =
      SentencePieceTokenizer::Create(name == "xlm_roberta_newer" ? NewerXlmRoberta() : Json(name), Spec());
  ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().message;
  const auto texts = golden::TextsWithIds(Folder() / "tokens_json.jsonl", name);
  ASSERT_EQ(texts.size(), 651U);
  for (const auto& [text, ids] : texts) {
    EXPECT_EQ((*tokenizer)->Encode(text, kNoLimit).ids, ids) << text;
    const Tokens cut = (*tokenizer)->Encode(text, 8);
    std::vector<std::int32_t> expected = ids;
    if (ids.size() > 8) {
      expected.resize(8);
      expected.back() = ids.back();
    }
    EXPECT_EQ(cut.ids, expected) << text;
    EXPECT_EQ(cut.truncated, ids.size() > 8) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, TokenizerJsonGolden,
                         ::testing::Values("xlm_roberta", "xlm_roberta_newer", "siglip", "gemma", "nllb"),
                         [](const auto& file) { return std::string(file.param); });

// A small file, changed in one place.
std::string Refusal(std::string_view from, std::string_view to) {
  std::string json = R"({"version": "1.0", "truncation": null, "padding": null,
      "added_tokens": [{"id": 0, "content": "<unk>", "special": true}, {"id": 1, "content": "</s>", "special": true}],
      "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}, "pre_tokenizer": null,
      "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}}], "special_tokens": {"</s>": {"id": "</s>", "ids": [1]}}},
      "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "vocab": {"<unk>": 0, "</s>": 1, "▁": 2, "a": 3,
        "b": 4, "ab": 5, "▁ab": 6, "▁a": 7}, "merges": ["a b", "▁ ab", ["▁a", "b"], "▁ a"]}})";
  Replace(json, from, to);
  const auto tokenizer = SentencePieceTokenizer::Create(json, Spec());
  return tokenizer.has_value() ? "(no error)" : tokenizer.error().message;
}

TEST(TokenizerJson, RefusesWhatItDoesNotUnderstandByItsKey) {
  EXPECT_EQ(Refusal("1.0", "1.0"), "(no error)");
  EXPECT_THAT(Refusal(R"("version")", R"("verse")"), HasSubstr("'verse'"));
  EXPECT_THAT(Refusal(R"("padding": null)", R"("padding": {"direction": "Left"})"), HasSubstr("padding.direction"));
  EXPECT_THAT(Refusal(R"("normalizer": {"type": "Replace")", R"("normalizer": {"type": "NFKD")"),
              HasSubstr("normalizer.type is 'NFKD'"));
  EXPECT_THAT(Refusal(R"("content": "▁"})", R"("content": "▁", "other": 1})"), HasSubstr("normalizer.other"));
  EXPECT_THAT(Refusal(R"({"String": " "})", R"({"Regex": "[^ab]"})"), HasSubstr("normalizer.pattern.Regex is '[^ab]'"));
  EXPECT_THAT(Refusal(R"({"String": " "})", R"({"Regex": "[!-z]"})"), HasSubstr("normalizer.pattern.Regex"));
  EXPECT_THAT(Refusal(R"("pre_tokenizer": null)", R"("pre_tokenizer": {"type": "ByteLevel"})"),
              HasSubstr("pre_tokenizer.type is 'ByteLevel'"));
  EXPECT_THAT(Refusal(R"("pre_tokenizer": null)", R"("pre_tokenizer": {"type": "Metaspace", "replacement": "_"})"),
              HasSubstr("pre_tokenizer.replacement"));
  EXPECT_THAT(Refusal(R"("TemplateProcessing")", R"("ByteLevel")"), HasSubstr("post_processor.type is 'ByteLevel'"));
  EXPECT_THAT(Refusal(R"("id": "A")", R"("id": "B")"), HasSubstr("post_processor.single"));
  EXPECT_THAT(Refusal(R"("post_processor")", R"("decoder": null, "decoder")"), HasSubstr("puts no token around"));
  EXPECT_THAT(Refusal(R"("ids": [1])", R"("ids": [99])"), HasSubstr("post_processor has an id"));
  EXPECT_THAT(Refusal(R"("type": "BPE")", R"("type": "WordLevel")"), HasSubstr("model.type is 'WordLevel'"));
  EXPECT_THAT(Refusal(R"("fuse_unk": true)", R"("fuse_unk": false)"), HasSubstr("model.fuse_unk"));
  EXPECT_THAT(Refusal(R"("fuse_unk": true)", R"("fuse_unk": true, "dropout": 0.1)"), HasSubstr("model.dropout"));
  EXPECT_THAT(Refusal(R"("unk_token": "<unk>")", R"("unk_token": "?")"), HasSubstr("model.unk_token"));
}

TEST(TokenizerJson, StepsThatMultiplyATextAreBounded) {
  EXPECT_THAT(Refusal(R"("content": "▁"})", fmt::format(R"("content": "{}"}})", std::string(65, 'a'))),
              HasSubstr("normalizer.content is longer than 64 bytes"));
  const std::string step =
      fmt::format(R"({{"type":"Replace","pattern":{{"String":"a"}},"content":"{}"}},)", std::string(64, 'a'));
  std::string steps;
  for (int i = 0; i < 8; ++i) steps += step;  // 64 to the power of 8
  std::string json = Json("xlm_roberta");
  Replace(json, R"("normalizer":{)", R"("normalizer":{"type":"Sequence","normalizers":[)" + steps + "{");
  Replace(json, R"(},"pre_tokenizer":)", R"(}]},"pre_tokenizer":)");
  const auto tokenizer = SentencePieceTokenizer::Create(json, Spec());
  ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().message;
  EXPECT_TRUE((*tokenizer)->Encode("a", 77).truncated);
}

TEST(TokenizerJson, RefusesVocabulariesThatContradictThemselves) {
  EXPECT_THAT(Refusal(R"("a": 3)", R"("a": -1)"), HasSubstr("id -1"));
  EXPECT_THAT(Refusal(R"("a": 3)", R"("a": 4000000000)"), HasSubstr("which is not in 0..999999"));
  EXPECT_THAT(Refusal(R"("a": 3)", R"("a": 30)"), HasSubstr("no token has the id 3"));
  EXPECT_THAT(Refusal(R"("a": 3)", R"("a": 2)"), HasSubstr("id 2 of token 'a' is given to another token"));
  EXPECT_THAT(Refusal(R"("a": 3)", R"("a": 3, "a": 4)"), HasSubstr("'a' is there twice"));
  EXPECT_THAT(Refusal(R"("a": 3)", R"("a": "3")"), HasSubstr("'a' is not an integer"));
  EXPECT_THAT(Refusal(R"("a": 3)", R"("\u0000": 3)"), HasSubstr("model.merges[0]"));
  EXPECT_THAT(Refusal(R"("a b")", R"("ab")"), HasSubstr("model.merges[0]"));
  EXPECT_THAT(Refusal(R"(, "▁ a"])", R"(])"), HasSubstr("(no error)"));  // then no merge makes "▁a", and none needs to
  EXPECT_THAT(Refusal(R"(["▁a", "b"], )", ""),
              HasSubstr("model.merges has 1 ways to make '▁ab', which can be cut in 2"));
  EXPECT_THAT(Refusal(R"(["▁a", "b"], "▁ a")", R"("▁ a", ["▁a", "b"])"), HasSubstr("stands apart"));
  EXPECT_THAT(Refusal(R"("content": "</s>")", R"("content": "<eos>")"), HasSubstr("is given to another token"));
  EXPECT_THAT(Refusal(R"("version": "1.0")", std::string(3000, '[')), HasSubstr("not valid JSON"));
}

TEST(TokenizerJson, RefusesScoresThatAreNoNumbers) {
  const auto message = [](std::string_view vocab, std::string_view unknown) {
    const std::string json =
        fmt::format(R"({{"post_processor": {{"type": "BertProcessing", "cls": ["<unk>", 0], "sep": ["<unk>", 0]}},
                        "model": {{"type": "Unigram", "unk_id": {}, "vocab": {}}}}})",
                    unknown, vocab);
    const auto tokenizer = SentencePieceTokenizer::Create(json, Spec());
    return tokenizer.has_value() ? "(no error)" : tokenizer.error().message;
  };
  EXPECT_EQ(message(R"([["<unk>", 0], ["a", -1.5]])", "0"), "(no error)");
  EXPECT_THAT(message(R"([["<unk>", 0], ["a", "x"]])", "0"), HasSubstr("model.vocab[1]"));
  EXPECT_THAT(message(R"([["<unk>", 0], ["a", 1e300]])", "0"), HasSubstr("model.vocab[1]"));
  EXPECT_THAT(message(R"([["<unk>", 0], ["a"]])", "0"), HasSubstr("model.vocab[1]"));
  EXPECT_THAT(message(R"([["<unk>", 0], ["a", -1]])", "2"), HasSubstr("model.unk_id"));
  EXPECT_THAT(message(R"([["<unk>", 0], ["a", -1]])", "null"), HasSubstr("model.unk_id"));
  EXPECT_THAT(message("[]", "0"), HasSubstr("model.unk_id"));
}

TEST(TokenizerJson, DamagedRulesAreRefused) {
  std::string json = Json("xlm_roberta");
  Replace(json, R"("precompiled_charsmap":")", R"("precompiled_charsmap":"AAAA)");
  EXPECT_THAT(ReadSentencePieceJson(json).error().message, HasSubstr("normalisation rules are damaged"));
}

TEST(CharsMap, RefusesRulesThatLeaveTheirTables) {
  const auto create = [](std::string_view root) {
    std::string map = std::string("\0\4\0\0", 4) + std::string(1024, '\0') + std::string("x\0", 2);
    return CharsMap::Create(map.replace(4, root.size(), root));
  };
  EXPECT_EQ(create({"\0\0\0\0", 4})->Apply("a\u00E9"), "a\u00E9");
  EXPECT_FALSE(create("\xFF\xFF\xFF\xFF").has_value());  // the root is a value
  EXPECT_FALSE(create({"\0\0\0\x7F", 4}).has_value());   // its offset is behind the end
  EXPECT_FALSE(CharsMap::Create("abc").has_value());
  EXPECT_EQ(CharsMap::Create("")->Apply("abc"), "abc");
}

TEST(TokenizerJson, FactsAreReadFromAnyTokenizer) {
  const auto facts = ReadTokenizerJsonFacts(golden::Folder() / "tokenizer.json").value();
  EXPECT_EQ(facts.type, "BPE");
  EXPECT_EQ(facts.added.at("<|endoftext|>"), 49407);
  EXPECT_FALSE(ReadTokenizerJsonFacts(Folder() / "t5.model").has_value());
}

}  // namespace
}  // namespace hailo_clip
