#include "text/clip_vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/golden_texts.h"

namespace hailo_clip {
namespace {

using ::testing::HasSubstr;

void ExpectBad(const Result<ClipVocabulary>& vocabulary, const std::string& why) {
  ASSERT_FALSE(vocabulary.has_value()) << why;
  EXPECT_EQ(vocabulary.error().code, ErrorCode::kBadModel);
  EXPECT_THAT(vocabulary.error().message, HasSubstr(why));
  EXPECT_LT(vocabulary.error().message.size(), 500U);
}

// tokenizer.json with its first `from` replaced by `to`.
std::string Changed(const std::string& from, const std::string& to) {
  std::string json = golden::Read("tokenizer.json");
  const std::size_t at = json.find(from);
  if (at == json.npos) {
    ADD_FAILURE() << from << " is not in tokenizer.json";
    return json;
  }
  return json.replace(at, from.size(), to);
}

struct Change {
  std::string from, to, why;
};

TEST(ReadTokenizerJson, RefusesEverySettingItDoesNotImplementByName) {
  const Change changes[] = {
      {"{\"type\": \"NFC\"}", "{\"type\": \"NFKC\"}", "normalizer.normalizers[0].type is \"NFKC\""},
      {"{\"type\": \"Lowercase\"}", "{\"type\": \"Lowercase\"}, {\"type\": \"Strip\"}", "normalizer.normalizers is"},
      {"\"content\": \" \"", "\"content\": \"_\"", "normalizer.normalizers[1].content"},
      {"[\\\\p{N}]|", "[\\\\p{N}]+|", "pre_tokenizer.pretokenizers[0].pattern.Regex"},
      {"\"invert\": true", "\"invert\": false", "pre_tokenizer.pretokenizers[0].invert"},
      {"\"add_prefix_space\": false", "\"add_prefix_space\": true", "pretokenizers[1].add_prefix_space"},
      {"\"RobertaProcessing\"", "\"BertProcessing\"", "post_processor.type is \"BertProcessing\""},
      {"\"type\": \"BPE\"", "\"type\": \"WordPiece\"", "model.type is \"WordPiece\""},
      {"\"dropout\": null", "\"dropout\": 0.1", "model.dropout is 0.1"},
      {"\"fuse_unk\": false", "\"byte_fallback\": true", "model.byte_fallback is true"},
      {"\"fuse_unk\": false", "\"surprise\": 1", "model.surprise is not implemented"},
      {"\"end_of_word_suffix\": \"</w>\"", "\"fuse_unk\": true", "model.end_of_word_suffix is missing"},
      {"\"padding\": null", "\"padding\": {\"direction\": \"Left\"}", "padding.direction is \"Left\""},
      {"\"version\"", "\"surprise\"", "'surprise'"},
      {"\"normalizer\": {", "\"decoder\": {", "normalizer is missing"},
      {"\"lstrip\": false", "\"lstrip\": true", "added_tokens[0].lstrip is true"},
      {"\"id\": 49406", "\"id\": 49405", "added_tokens[0] is '<|startoftext|>' with the id 49405"},
      {"\"sep\": [\"<|endoftext|>\", 49407]", "\"sep\": \"x\"", "post_processor.sep"},
  };
  for (const Change& change : changes) ExpectBad(ReadTokenizerJson(Changed(change.from, change.to)), change.why);
}

TEST(ReadTokenizerJson, AcceptsWhatHasNoBearingOnIds) {
  const Change changes[] = {
      {"\"padding\": null", "\"padding\": {\"direction\": \"Right\", \"pad_id\": 0}", ""},
      {"\"truncation\": null", "\"truncation\": {\"direction\": \"Right\", \"max_length\": 77}", ""},
      {"\"dropout\": null, ", "", ""},
      {"\"continuing_subword_prefix\": \"\"", "\"continuing_subword_prefix\": null", ""},
      {"\"fuse_unk\": false", "\"byte_fallback\": false, \"ignore_merges\": false", ""},
      {"\"normalized\": false", "\"normalized\": true", ""},
  };
  for (const Change& change : changes) {
    const auto vocabulary = ReadTokenizerJson(Changed(change.from, change.to));
    EXPECT_TRUE(vocabulary.has_value()) << change.to << ": " << vocabulary.error().message;
  }
}

TEST(ReadTokenizerJson, RefusesDamagedVocabularies) {
  const Change changes[] = {
      {"\"!\": 0", "\"cat</w>\": 0", "token 'cat</w>' is there twice"},
      {"\"!\": 0", "\"!\": 1", "the id 1 of token"},
      {"\"!\": 0", "\"!\": -1", "has the id -1"},
      {"\"!\": 0", "\"!\": 70000", "has the id 70000"},
      {"\"!\": 0", "\"!\": \"0\"", "the id of token '!' is not an integer"},
      {"\"!\": 0, ", "", "needs the token '!', which is missing"},
      {"\"merges\": [\"i n\", ", "\"merges\": [\"i n\", \"i n\", ", "merge 2 ('i' with 'n') is there twice"},
      {"\"merges\": [\"i n\"", "\"merges\": [\"i\"", "model.merges[0] is neither"},
      {"\"merges\": [\"i n\"", "\"merges\": [[\"i\", 3]", "model.merges[0] is neither"},
      {"\"merges\": [\"i n\"", "\"merges\": [\"zq q\"", "needs the token 'zq', which is missing"},
      {"\"version\"", "version", "not valid JSON"},
  };
  for (const Change& change : changes) ExpectBad(ReadTokenizerJson(Changed(change.from, change.to)), change.why);
  ExpectBad(ReadTokenizerJson(""), "not valid JSON");
  ExpectBad(ReadTokenizerJson("[]"), "not a JSON object");
  ExpectBad(ReadTokenizerJson("{}"), "normalizer is missing");
  ExpectBad(ReadTokenizerJson(std::string(5000, '[')), "not valid JSON");
}

TEST(ReadMerges, NumbersTokensByTheOrderOfTheirMerges) {
  const auto vocabulary = ReadMerges("#version: 0.2\nc a\nca t</w>\n");
  ASSERT_TRUE(vocabulary.has_value()) << vocabulary.error().message;
  EXPECT_EQ(vocabulary->size, 516);
  EXPECT_EQ(vocabulary->start.id, 514);
  EXPECT_EQ(vocabulary->end.id, 515);
  EXPECT_EQ(vocabulary->rules.bytes['!'], 0);
  EXPECT_EQ(vocabulary->rules.last_bytes['!'], 256);
  BpeEncoder encoder(vocabulary->rules);
  EXPECT_THAT(encoder.Encode("cat"), ::testing::ElementsAre(513));
}

TEST(ReadMerges, TakesFilesWithoutAVersionLineAndWithCarriageReturns) {
  for (const char* text : {"c a", "c a\n", "#version: 0.2\r\nc a\r\n"}) {
    const auto vocabulary = ReadMerges(text);
    ASSERT_TRUE(vocabulary.has_value()) << vocabulary.error().message;
    EXPECT_EQ(vocabulary->size, 515);
  }
}

TEST(ReadMerges, RefusesDamagedLinesByNumber) {
  ExpectBad(ReadMerges(""), "no merges");
  ExpectBad(ReadMerges("#version: 0.2\n"), "no merges");
  ExpectBad(ReadMerges("c a\n\nd o\n"), "line 2 is not a merge");
  ExpectBad(ReadMerges("c a t\n"), "line 1 is not a merge");
  ExpectBad(ReadMerges("c \n"), "line 1 is not a merge");
  ExpectBad(ReadMerges(" c\n"), "line 1 is not a merge");
  ExpectBad(ReadMerges("c a\nc a\n"), "line 2: token 'ca' is there twice");
  ExpectBad(ReadMerges("c a\nca ts\n"), "line 2: merge 2 ('ca' with 'ts') needs the token 'ts', which is missing");
  ExpectBad(ReadMerges(std::string(100'000, 'x') + " y\n"), "xxx...'");
}

TEST(ReadMerges, RefusesMoreTokensThanIdsReach) {
  std::string merges;
  // 256 pairs of two letters, then the 65,536 pairs of those.
  for (int i = 0; i < 256; ++i) merges += {static_cast<char>('a' + i / 16), ' ', static_cast<char>('a' + i % 16), '\n'};
  for (int i = 0; i < 256; ++i) {
    for (int j = 0; j < 256; ++j) {
      merges += {static_cast<char>('a' + i / 16), static_cast<char>('a' + i % 16), ' ',
                 static_cast<char>('a' + j / 16), static_cast<char>('a' + j % 16), '\n'};
    }
  }
  ExpectBad(ReadMerges(merges), "has the id 65535, which is not in 0..65534");
}

TEST(ReadVocabJsonAndMerges, SaysWhichOfTheTwoIsWrong) {
  const auto pair = golden::MakeOlderPair();
  ExpectBad(ReadVocabJsonAndMerges("[]", pair.merges_txt), "the vocabulary is not an object");
  ExpectBad(ReadVocabJsonAndMerges(pair.vocab_json, "#version\nx\n"), "the merges: line 2 is not a merge");
  ExpectBad(ReadVocabJsonAndMerges("{\"a\": 1}", "a b\n"),
            "the merges: line 1: merge 1 ('a' with 'b') needs the token 'b'");
}

TEST(ReadVocabJsonAndMerges, WantsATokenForEveryByte) {
  ExpectBad(ReadVocabJsonAndMerges("{\"a\": 0, \"b\": 1, \"ab\": 2}", "a b\n"), "the token '!' is missing");
}

TEST(ReadGzippedMerges, StopsAtTheMergesThatClipUses) {
  const auto vocabulary = ReadGzippedMerges(golden::Read("bpe_simple_vocab_16e6.txt.gz"));
  ASSERT_TRUE(vocabulary.has_value()) << vocabulary.error().message;
  EXPECT_EQ(vocabulary->rules.merges.size(), 48'894U);
  EXPECT_EQ(vocabulary->start.id, 49'406);
  EXPECT_EQ(vocabulary->end.id, 49'407);
  ExpectBad(ReadGzippedMerges("i n\n"), "no gzip file");
}

}  // namespace
}  // namespace hailo_clip
