#include "text/clip_bpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "text/golden_texts.h"

namespace hailo_clip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kNoLimit = 1 << 20;

// The four forms in which CLIP's vocabulary comes; all of them must give the same ids.
std::unique_ptr<Tokenizer> Wrap(Result<ClipVocabulary> vocabulary) {
  if (!vocabulary) {
    ADD_FAILURE() << vocabulary.error().message;
    return nullptr;
  }
  return std::make_unique<ClipBpeTokenizer>(*std::move(vocabulary));
}

std::unique_ptr<Tokenizer> FromTokenizerJson() { return Wrap(ReadTokenizerJson(golden::Read("tokenizer.json"))); }

// tokenizer.json as tokenizers 0.20 and later write it, with merges as pairs.
std::unique_ptr<Tokenizer> FromTokenizerJsonWithPairs() {
  std::string json = golden::Read("tokenizer.json");
  const std::size_t merges = json.find("\"merges\": [");
  EXPECT_NE(merges, json.npos);
  json.resize(merges);
  json += "\"merges\": [";
  for (const std::string& merge : golden::MakeOlderPair().merges) {
    const std::size_t space = merge.find(' ');
    const auto quoted = [](std::string_view token) {
      std::string out = "\"";
      for (const char c : token) out += (c == '"' || c == '\\') ? std::string{'\\', c} : std::string{c};
      return out + "\"";
    };
    json += fmt::format("[{},{}],", quoted(std::string_view(merge).substr(0, space)),
                        quoted(std::string_view(merge).substr(space + 1)));
  }
  json.back() = ']';
  return Wrap(ReadTokenizerJson(json + "}}"));
}

std::unique_ptr<Tokenizer> FromOlderPair() {
  const auto pair = golden::MakeOlderPair();
  return Wrap(ReadVocabJsonAndMerges(pair.vocab_json, pair.merges_txt));
}

std::unique_ptr<Tokenizer> FromGzip() { return Wrap(ReadGzippedMerges(golden::Read("bpe_simple_vocab_16e6.txt.gz"))); }

struct Format {
  const char* name;
  std::unique_ptr<Tokenizer> (*make)();
};

class ClipBpeGolden : public ::testing::TestWithParam<Format> {};

TEST_P(ClipBpeGolden, GivesTheReferencesIdsForEveryText) {
  const auto tokenizer = GetParam().make();
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(tokenizer->vocabulary_size(), 49408);
  const auto texts = golden::Texts();
  ASSERT_EQ(texts.size(), 2403U);
  int equal = 0;
  for (const int round : {0, 1}) {  // without and with the word cache
    for (const auto& text : texts) {
      const Tokens tokens = tokenizer->Encode(text.text, kNoLimit);
      EXPECT_EQ(tokens.ids, text.hf) << text.kind << " in round " << round << ": " << text.text;
      EXPECT_FALSE(tokens.truncated);
      equal += tokens.ids == text.hf ? 1 : 0;
    }
  }
  RecordProperty("equal", equal / 2);
}

TEST_P(ClipBpeGolden, CutsAsTheReferenceDoes) {
  const auto tokenizer = GetParam().make();
  ASSERT_NE(tokenizer, nullptr);
  int compared = 0, cut = 0;
  for (const auto& text : golden::Texts()) {
    if (text.hf != text.openai) continue;  // truncated77 is made of the other reference's ids
    const Tokens tokens = tokenizer->Encode(text.text, 77);
    std::vector<std::int32_t> expected = text.truncated77;
    expected.resize(std::min<std::size_t>(77, text.openai.size()));
    EXPECT_EQ(tokens.ids, expected) << text.text;
    EXPECT_EQ(tokens.truncated, text.openai.size() > 77) << text.text;
    ++compared;
    cut += tokens.truncated ? 1 : 0;
  }
  EXPECT_EQ(compared, 2403 - 384);
  EXPECT_GT(cut, 5);
}

INSTANTIATE_TEST_SUITE_P(Formats, ClipBpeGolden,
                         ::testing::Values(Format{"TokenizerJson", FromTokenizerJson},
                                           Format{"TokenizerJsonWithPairs", FromTokenizerJsonWithPairs},
                                           Format{"VocabJsonAndMerges", FromOlderPair}, Format{"Gzip", FromGzip}),
                         [](const auto& format) { return format.param.name; });

// The reference is tokenizers 0.23.3 with the same vocabulary.
TEST(ClipBpe, DerivesIdsFromAShorterMergesList) {
  const auto pair = golden::MakeOlderPair();
  std::string merges = "#version: 0.2\n";
  for (std::size_t i = 0; i < 10'000; ++i) merges += pair.merges[i] + "\n";
  const auto tokenizer = Wrap(ReadMerges(merges));
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(tokenizer->vocabulary_size(), 10'514);
  EXPECT_THAT(tokenizer->Encode("a photo of a cat", 77).ids, ElementsAre(10512, 320, 1125, 539, 320, 2368, 10513));
  EXPECT_THAT(tokenizer->Encode("a labrador retriever on a skateboard", 77).ids,
              ElementsAre(10512, 320, 572, 4848, 541, 515, 924, 1247, 525, 320, 909, 992, 1972, 10513));
  EXPECT_THAT(tokenizer->Encode("Cr\u00E8me br\u00FBl\u00E9e, 42 \u20AC", 77).ids,
              ElementsAre(10512, 1075, 127, 101, 614, 711, 127, 119, 75, 3459, 324, 267, 275, 273, 6309, 10513));
}

class ClipBpe77 : public ::testing::Test {
 protected:
  static const Tokenizer& tokenizer() {
    static const std::unique_ptr<Tokenizer> instance = FromGzip();
    return *instance;
  }
};

TEST_F(ClipBpe77, AnEmptyTextIsStartAndEnd) {
  EXPECT_THAT(tokenizer().Encode("", 77).ids, ElementsAre(49406, 49407));
  EXPECT_THAT(tokenizer().Encode(" \n\t ", 77).ids, ElementsAre(49406, 49407));
}

TEST_F(ClipBpe77, CountsATextThatJustFitsAsWhole) {
  std::string text;
  for (int i = 0; i < 75; ++i) text += "cat ";
  const Tokens whole = tokenizer().Encode(text, 77);
  EXPECT_EQ(whole.ids.size(), 77U);
  EXPECT_FALSE(whole.truncated);
  const Tokens cut = tokenizer().Encode(text + "cat", 77);
  EXPECT_EQ(cut.ids, whole.ids);
  EXPECT_TRUE(cut.truncated);
}

TEST_F(ClipBpe77, TinyContextLengthsHoldStartAndEnd) {
  for (const int length : {-1, 0, 1, 2}) {
    const Tokens tokens = tokenizer().Encode("a cat", length);
    EXPECT_THAT(tokens.ids, ElementsAre(49406, 49407));
    EXPECT_TRUE(tokens.truncated);
  }
  EXPECT_THAT(tokenizer().Encode("a cat", 3).ids, ElementsAre(49406, 320, 49407));
}

TEST_F(ClipBpe77, ReplacesEachBadByte) {
  // A lead byte with one continuation missing is two bad bytes, between good text.
  EXPECT_EQ(tokenizer().Encode("cat \xE2\x82 dog\xFF", 77).ids,
            tokenizer().Encode("cat \uFFFD\uFFFD dog\uFFFD", 77).ids);
}

TEST_F(ClipBpe77, FindsSpecialTokensInTheText) {
  EXPECT_THAT(tokenizer().Encode("a<|endoftext|>cat", 77).ids, ElementsAre(49406, 320, 49407, 2368, 49407));
  EXPECT_THAT(tokenizer().Encode("a<|StartOfText|>cat", 77).ids, ElementsAre(49406, 320, 49406, 2368, 49407));
  EXPECT_NE(tokenizer().Encode("a<|EndOfText|>cat", 77).ids, tokenizer().Encode("a<|endoftext|>cat", 77).ids);
}

// Quadratic work on these would take minutes; the bound is generous for sanitizers and slow machines.
// Quadratic work on any of these would outlast the runner's limit for a test by far.
TEST_F(ClipBpe77, HostileTextsEnd) {
  std::string marks = "a";
  for (int i = 0; i < 200'000; ++i) marks += i < 100'000 ? "\u0301" : "\u0323";  // classes 230 before 220
  const std::string texts[] = {std::string(1 << 20, 'a'), std::string(1 << 20, '\''), marks,
                               std::string(1 << 20, '\xFF'), std::string(1 << 20, '<')};
  for (const std::string& text : texts) EXPECT_LE(tokenizer().Encode(text, 77).ids.size(), 77U);
}

TEST_F(ClipBpe77, GivesTheSameIdsToManyThreads) {
  const auto texts = golden::Texts();
  const auto fresh = FromGzip();
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (const auto& text : texts) wrong[t] += fresh->Encode(text.text, kNoLimit).ids == text.hf ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
}

TEST(CreateTokenizer, ReadsTheFilesOfAModel) {
  for (const char* file : {"tokenizer.json", "bpe_simple_vocab_16e6.txt.gz"}) {
    const auto tokenizer = CreateTokenizer({.kind = TokenizerKind::kClipBpe, .files = {file}}, golden::Folder());
    ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().message;
    EXPECT_THAT((*tokenizer)->Encode("a photo of a cat", 77).ids, ElementsAre(49406, 320, 1125, 539, 320, 2368, 49407));
  }
}

TEST(CreateTokenizer, NamesTheFileThatCannotBeUnderstood) {
  const auto wrong = CreateTokenizer({.files = {"unicode.json"}}, golden::Folder());
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, ErrorCode::kBadModel);
  EXPECT_THAT(wrong.error().message, HasSubstr("unicode.json"));
  EXPECT_THAT(wrong.error().message, HasSubstr("'letter'"));
  EXPECT_THAT(wrong.error().message, HasSubstr("fetch the file again"));

  const auto missing = CreateTokenizer({.files = {"absent.txt"}}, golden::Folder());
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::kBadModel);
  EXPECT_THAT(missing.error().message, HasSubstr("absent.txt"));
}

TEST(CreateTokenizer, RefusesFilesOfNoKnownForm) {
  for (const std::vector<std::string>& files :
       {std::vector<std::string>{}, {"vocab.bin"}, {"a.txt", "b.txt"}, {"a.json", "b.txt", "c.txt"}}) {
    const auto tokenizer = CreateTokenizer({.files = files}, golden::Folder());
    ASSERT_FALSE(tokenizer.has_value());
    EXPECT_EQ(tokenizer.error().code, ErrorCode::kBadModel);
    EXPECT_THAT(tokenizer.error().message, HasSubstr("name tokenizer.json, or vocab.json and merges.txt"));
  }
}

}  // namespace
}  // namespace hailo_clip
