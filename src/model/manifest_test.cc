#include "model/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <filesystem>
#include <limits>
#include <string>

#include "base/file.h"
#include "model/test_manifest.h"

namespace hailo_clip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::StartsWith;

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "the text does not hold: " << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// The error for the test manifest with one place changed.
std::string ErrorWith(std::string_view from, std::string_view to) {
  const Result<Manifest> manifest = ParseManifest(Replaced(FormatManifest(TestManifest()), from, to));
  if (manifest.has_value()) return "(no error)";
  EXPECT_EQ(manifest.error().code, ErrorCode::kBadModel);
  return manifest.error().message;
}

TEST(Manifest, ReadsBackWhatItWrote) {
  const Manifest written = TestManifest();
  const std::string text = FormatManifest(written);
  const Result<Manifest> read = ParseManifest(text);
  ASSERT_TRUE(read.has_value()) << read.error().message << "\n" << text;
  EXPECT_EQ(FormatManifest(*read), text);
  EXPECT_EQ(read->name, "tiny");
  EXPECT_EQ(read->scoring.logit_scale, written.scoring.logit_scale);
  EXPECT_EQ(read->scoring.none_of_these_below, written.scoring.none_of_these_below);
  EXPECT_EQ(read->image.mean, written.image.mean);
  EXPECT_EQ(read->image.standard_deviation, written.image.standard_deviation);
  EXPECT_THAT(read->text.tokenizer.files, ElementsAre("vocab.json", "merges.txt"));
  EXPECT_EQ(read->tokenizer_sha256, written.tokenizer_sha256);
  EXPECT_EQ(read->encoders.at("onnx").text->attention_mask, "attention_mask");
  EXPECT_EQ(read->encoders.at("onnx").text->data_files, written.encoders.at("onnx").text->data_files);
  EXPECT_FALSE(read->encoders.at("onnx").image->attention_mask.has_value());
  EXPECT_EQ(read->encoders.at("onnx").image->best_batch, 4);
  EXPECT_FALSE(read->encoders.at("onnx").text->best_batch.has_value());
  EXPECT_EQ(read->source, written.source);
  ASSERT_EQ(read->self_test.texts.size(), 2U);
  EXPECT_EQ(read->self_test.texts[1].input, "");
  EXPECT_THAT(read->self_test.images[0].embedding, ElementsAre(0.6F, -0.8F));
  // To the bit: -0 compares equal to 0.
  EXPECT_EQ(std::bit_cast<std::uint32_t>(read->self_test.texts[0].embedding[1]), 0x80000000U);
}

TEST(Manifest, ReadsTheSigmoidAndSquashForms) {
  Manifest written = TestManifest();
  written.family = ModelFamily::kSiglip;
  written.scoring.activation = Activation::kSigmoid;
  written.scoring.logit_bias = -12.75F;
  written.image.resize_mode = ResizeMode::kSquash;
  written.image.resize_size = written.image.crop_size;
  written.image.crop_rounding = CropRounding::kDown;
  const Result<Manifest> read = ParseManifest(FormatManifest(written));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->family, ModelFamily::kSiglip);
  EXPECT_EQ(read->scoring.activation, Activation::kSigmoid);
  EXPECT_EQ(read->scoring.logit_bias, -12.75F);
  EXPECT_EQ(read->image.resize_mode, ResizeMode::kSquash);
  EXPECT_EQ(read->image.crop_rounding, CropRounding::kDown);
}

TEST(Manifest, ReadsTheTokenizersOfOtherTextTowers) {
  Manifest written = TestManifest();
  TokenizerSpec& tokenizer = written.text.tokenizer;
  tokenizer = {.kind = TokenizerKind::kSentencePiece,
               .files = tokenizer.files,
               .ids = SentencePieceIds::kXlmRoberta,
               .clean = TextCleaning::kOpenClip};
  written.text.padding = TextPadding::kContextLength;
  written.image.interpolation = Interpolation::kBilinear;
  Result<Manifest> read = ParseManifest(FormatManifest(written));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->text.tokenizer.kind, TokenizerKind::kSentencePiece);
  EXPECT_EQ(read->text.tokenizer.ids, SentencePieceIds::kXlmRoberta);
  EXPECT_EQ(read->text.tokenizer.clean, TextCleaning::kOpenClip);
  EXPECT_EQ(read->text.padding, TextPadding::kContextLength);
  EXPECT_EQ(read->image.interpolation, Interpolation::kBilinear);
  tokenizer.kind = TokenizerKind::kWordPiece;
  tokenizer.lower_case = true;
  read = ParseManifest(FormatManifest(written));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_TRUE(read->text.tokenizer.lower_case);
  // Keys of another kind change nothing, and so are not known.
  EXPECT_THAT(ErrorWith("kind: clip_bpe", "kind: clip_bpe\n    lower_case: true"), HasSubstr("unknown key"));
  EXPECT_THAT(ErrorWith("kind: clip_bpe", "kind: wordpiece"), HasSubstr("text.tokenizer.lower_case is missing"));
}

TEST(Manifest, MayLackTheTextSideAsAWhole) {
  Manifest written = TestManifest();
  written.encoders.at("onnx").text.reset();
  written.text = {};
  written.tokenizer_sha256.clear();
  const std::string text = FormatManifest(written);
  EXPECT_EQ(text.find("\ntext:"), std::string::npos);
  const Result<Manifest> read = ParseManifest(text);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(FormatManifest(*read), text);
  const std::string with_encoder = FormatManifest(TestManifest());
  const std::size_t begin = with_encoder.find("text:\n");
  const Result<Manifest> half =
      ParseManifest(std::string(with_encoder).erase(begin, with_encoder.find("encoders:\n") - begin));
  ASSERT_FALSE(half.has_value());
  EXPECT_THAT(half.error().message, HasSubstr("text is missing, and there is a text encoder"));
}

TEST(Manifest, TheDocumentedExampleIsValid) {
  const auto text = ReadFile(std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "docs/manifest.example.yaml", 1U << 20U);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  const Result<Manifest> manifest = ParseManifest(*text);
  ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
  // It must show every key: what a manifest with all of them has, the example has too.
  Manifest complete = TestManifest();
  complete.scoring.activation = Activation::kSigmoid;
  complete.text.tokenizer.kind = TokenizerKind::kSentencePiece;
  complete.text.padding = TextPadding::kContextLength;
  for (const std::string_view key : {"schema:",
                                     "name:",
                                     "family:",
                                     "embedding_dimension:",
                                     "activation:",
                                     "logit_scale:",
                                     "logit_bias:",
                                     "none_of_these_below:",
                                     "resize:",
                                     "resize_size:",
                                     "crop_size:",
                                     "crop_rounding:",
                                     "interpolation:",
                                     "mean:",
                                     "std:",
                                     "tokenizer:",
                                     "kind:",
                                     "ids:",
                                     "clean:",
                                     "padding:",
                                     "files:",
                                     "context_length:",
                                     "pad_id:",
                                     "encoders:",
                                     "file:",
                                     "sha256:",
                                     "input:",
                                     "output:",
                                     "attention_mask:",
                                     "best_batch:",
                                     "data_files:",
                                     "licence:",
                                     "source:",
                                     "revision:",
                                     "self_test:",
                                     "min_cosine:",
                                     "images:",
                                     "texts:",
                                     "embedding:"}) {
    EXPECT_THAT(FormatManifest(complete), HasSubstr(std::string(key)));
    EXPECT_THAT(*text, HasSubstr(std::string(key)));
  }
}

TEST(Manifest, NamesLineAndKeyOfWhatItDoesNotKnow) {
  EXPECT_THAT(ErrorWith("  crop_size:", "  crop_sise:"), HasSubstr("manifest.yaml:12: unknown key 'image.crop_sise'"));
  EXPECT_EQ(ErrorWith("  crop_size: 32\n", ""), "manifest.yaml:9: image.crop_size is missing");
  EXPECT_THAT(ErrorWith("name: \"tiny\"\n", ""), HasSubstr("name is missing"));
  EXPECT_THAT(ErrorWith("  crop_size: 32", "  crop_size: 32\n  crop_sise: 32"),
              HasSubstr("manifest.yaml:13: unknown key 'image.crop_sise'; did you mean 'image.crop_size'?"));
  EXPECT_THAT(ErrorWith("licence:", "extra: 1\nlicence:"), HasSubstr("unknown key 'extra'"));
  EXPECT_THAT(ErrorWith("  onnx:", "  onnx:\n    audio: {}"), HasSubstr("unknown key 'encoders.onnx.audio'"));
}

TEST(Manifest, RefusesWrongTypesAndRanges) {
  EXPECT_THAT(ErrorWith("embedding_dimension: 2", "embedding_dimension: two"),
              HasSubstr("manifest.yaml:4: embedding_dimension must be a whole number from 1 to 16384"));
  EXPECT_THAT(ErrorWith("embedding_dimension: 2", "embedding_dimension: 99999999999"), HasSubstr("whole number"));
  EXPECT_THAT(ErrorWith("embedding_dimension: 2", "embedding_dimension: [2]"), HasSubstr("single value"));
  EXPECT_THAT(ErrorWith("embedding_dimension: 2", "embedding_dimension:"), HasSubstr("has no value"));
  EXPECT_THAT(ErrorWith("logit_scale: 14", "logit_scale: -14"), HasSubstr("scoring.logit_scale"));
  EXPECT_THAT(ErrorWith("logit_scale: 14", "logit_scale: nan #"), HasSubstr("scoring.logit_scale"));
  EXPECT_THAT(ErrorWith("none_of_these_below: 0", "none_of_these_below: 7"), HasSubstr("none_of_these_below"));
  EXPECT_THAT(ErrorWith("  mean: [", "  mean: [1, "), HasSubstr("image.mean must be a list of 3 numbers"));
  EXPECT_THAT(ErrorWith("  std: [", "  std: [0, 0, 0] #"), HasSubstr("image.std"));
  EXPECT_THAT(ErrorWith("  resize: shortest_side", "  resize: longest_side"),
              HasSubstr("image.resize must be one of: shortest_side, squash"));
  EXPECT_THAT(ErrorWith("resize_size: 40", "resize_size: 31"), HasSubstr("must not be below crop_size"));
  EXPECT_THAT(ErrorWith("resize: shortest_side", "resize: squash"), HasSubstr("must equal crop_size"));
  EXPECT_THAT(ErrorWith("scoring:\n", "scoring: 1\nx:\n"), HasSubstr("scoring must be a section"));
  EXPECT_THAT(ErrorWith("schema: 1", "schema: 2"), HasSubstr("a newer hailo-clip"));
  EXPECT_THAT(ErrorWith("  logit_scale", "  logit_bias: 1\n  logit_scale"), HasSubstr("changes nothing with softmax"));
  EXPECT_THAT(ErrorWith("min_cosine: 0.999", "min_cosine: 0.1"), HasSubstr("self_test.min_cosine"));
}

TEST(Manifest, RefusesFilesOutsideItsFolder) {
  for (const std::string_view file :
       {"/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a\\\\b", "c:x", "", "manifest.yaml", "a\\nb"}) {
    EXPECT_THAT(ErrorWith("file: \"image.onnx\"", fmt::format("file: \"{}\"", file)),
                HasSubstr("encoders.onnx.image.file"))
        << file;
  }
  EXPECT_THAT(ErrorWith("\"vocab.json\"", "\"../vocab.json\""), HasSubstr("inside the model's folder"));
  EXPECT_THAT(ErrorWith("\"onnx/text.onnx_data\"", "\"/x\""), HasSubstr("inside the model's folder"));
  EXPECT_EQ(ErrorWith("file: \"image.onnx\"", "file: \"a/b..c/image.onnx\""), "(no error)");
}

TEST(Manifest, RefusesHashesThatAreNone) {
  const std::string hash = Sha256Hex("i");
  EXPECT_THAT(ErrorWith(hash, hash.substr(1)), HasSubstr("encoders.onnx.image.sha256 must be a sha256"));
  EXPECT_THAT(ErrorWith(hash, "A" + hash.substr(1)), HasSubstr("must be a sha256"));
  EXPECT_THAT(ErrorWith("file: \"text.onnx\"", "file: \"image.onnx\""), HasSubstr("two different sha256"));
}

TEST(Manifest, RefusesSelfTestVectorsThatCannotBeRight) {
  const std::string base64 = "mpkZP83MTL8=";  // 0.6, -0.8
  EXPECT_THAT(ErrorWith(base64, "mpkZPw=="), HasSubstr("self_test.images[0].embedding must be base64 of 2"));
  EXPECT_THAT(ErrorWith(base64, "!"), HasSubstr("must be base64"));
  EXPECT_THAT(ErrorWith(base64, "AACAPwAAgD8="), HasSubstr("must have length 1"));  // 1, 1
  EXPECT_THAT(ErrorWith(base64, "AADAfwAAgD8="), HasSubstr("must have length 1"));  // NaN, 1
  EXPECT_THAT(ErrorWith("card:1", "photo.png"), HasSubstr("must be a test card"));
}

TEST(Manifest, RefusesNamesThatAreNoNames) {
  for (const std::string_view name : {"", "-a", ".a", "a/b", "a b", "..", "caf\xC3\xA9"})
    EXPECT_THAT(ErrorWith("name: \"tiny\"", fmt::format("name: \"{}\"", name)), HasSubstr("manifest.yaml:2: name"));
  EXPECT_FALSE(ValidateModelName(std::string(101, 'a')).has_value());
  for (const std::string& name : {std::string("ViT-B_32.v2"), std::string("0"), std::string(100, 'a')})
    EXPECT_TRUE(ValidateModelName(name).has_value()) << name;
  EXPECT_TRUE(EqualModelNames("ViT-B", "vit-b"));
  EXPECT_FALSE(EqualModelNames("vit-b", "vit-b2"));
}

TEST(Manifest, RefusesTextThatIsNoManifest) {
  for (const std::string_view text : {"", "[]", "x", "a: &b [*b]", "\xFF"}) {
    const Result<Manifest> manifest = ParseManifest(text);
    ASSERT_FALSE(manifest.has_value()) << text;
    EXPECT_EQ(manifest.error().code, ErrorCode::kBadModel);
    EXPECT_THAT(manifest.error().message, StartsWith("manifest.yaml"));
  }
  const Result<Manifest> large = ParseManifest(std::string(kMaxManifestBytes + 1, '#'));
  ASSERT_FALSE(large.has_value());
  EXPECT_THAT(large.error().message, HasSubstr("limit"));
}

TEST(Manifest, ListsEveryFileOnce) {
  const auto files = FilesOf(TestManifest());
  EXPECT_THAT(files, ElementsAre(Key("image.onnx"), Key("merges.txt"), Key("onnx/text.onnx_data"), Key("text.onnx"),
                                 Key("vocab.json")));
  EXPECT_EQ(files.at("merges.txt"), Sha256Hex("m"));
}

TEST(Manifest, TheFingerprintFollowsEveryValueAndNothingElse) {
  const std::string before = Fingerprint(TestManifest());
  EXPECT_THAT(before, StartsWith("sha256:"));
  EXPECT_EQ(before.size(), 7U + 64U);
  EXPECT_EQ(before, Fingerprint(TestManifest()));
  // Comments and order in the file do not count.
  const Result<Manifest> commented = ParseManifest("# hello\n" + FormatManifest(TestManifest()));
  ASSERT_TRUE(commented.has_value());
  EXPECT_EQ(Fingerprint(*commented), before);
  Manifest changed = TestManifest();
  changed.image.mean[2] = std::nextafter(changed.image.mean[2], 1.0F);
  EXPECT_NE(Fingerprint(changed), before);
  changed = TestManifest();
  changed.tokenizer_sha256["merges.txt"] = Sha256Hex("other");
  EXPECT_NE(Fingerprint(changed), before);
}

}  // namespace
}  // namespace hailo_clip
