// What backend.h promises, run against every backend. A new backend adds a line to the instantiation at the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <future>
#include <numeric>

#include "backend/registry.h"
#include "base/file.h"
#include "model/store.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

class BackendContract : public testing::TestWithParam<std::string> {
 protected:
  BackendContract() {
    model_ = ModelStore({fs::path(HAILO_CLIP_SOURCE_DIR) / "models"}).Find(kStarterModel).value();
    backend_ = CreateBackend(GetParam(), {.threads = 2}, logger_).value();
  }

  Result<std::unique_ptr<Encoder>> Create(EncoderKind kind) const {
    return backend_->CreateEncoder(kind, model_.manifest, model_.folder);
  }

  static Result<Embeddings> Encode(Encoder& encoder, const Batch& batch) {
    const auto answer = std::make_shared<std::promise<Result<Embeddings>>>();
    auto future = answer->get_future();
    encoder.Submit(batch, [answer](Result<Embeddings> result) { answer->set_value(std::move(result)); });
    return future.get();
  }

  static double Cosine(std::span<const float> a, std::span<const float> b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      ab += double{a[i]} * b[i];
      aa += double{a[i]} * a[i];
      bb += double{b[i]} * b[i];
    }
    return ab / std::sqrt(aa * bb);
  }

  // A picture that differs by `seed` from others.
  std::vector<std::uint8_t> Picture(unsigned seed) const {
    const int size = model_.manifest.image.crop_size;
    std::vector<std::uint8_t> pixels;
    for (int y = 0; y < size; ++y)
      for (int x = 0; x < size; ++x)
        for (unsigned c = 0; c < 3; ++c)
          pixels.push_back(static_cast<std::uint8_t>(((x / (8 + seed)) ^ (y / 16)) * 37 + c * 60 * seed));
    return pixels;
  }

  const Logger logger_{LogLevel::kError, LogFormat::kText};
  InstalledModel model_;
  std::unique_ptr<Backend> backend_;
};

// What those promise besides who read an encoder from a file.
using BackendFileContract = BackendContract;

TEST_P(BackendContract, DescribesItsEncoders) {
  for (const EncoderKind kind : {EncoderKind::kImage, EncoderKind::kText}) {
    const auto encoder = Create(kind).value();
    EXPECT_EQ(encoder->info().dimension, model_.manifest.embedding_dimension);
    EXPECT_GE(encoder->info().best_batch, 1);
    EXPECT_GE(encoder->info().max_in_flight, 1);
    EXPECT_FALSE(encoder->info().backend.empty());
    EXPECT_FALSE(encoder->info().device.empty());
  }
}

TEST_P(BackendContract, GivesPicturesTheSameEmbeddingAloneAndInABatch) {
  const auto encoder = Create(EncoderKind::kImage).value();
  const std::vector pictures = {Picture(0), Picture(1), Picture(2)};
  const auto together = Encode(*encoder, ImageBatch{{pictures.begin(), pictures.end()}});
  ASSERT_TRUE(together.has_value()) << together.error().message;
  ASSERT_EQ(together->rows(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto alone = Encode(*encoder, ImageBatch{{pictures[i]}});
    EXPECT_GT(Cosine(alone->row(0), together->row(i)), 0.99999);
  }
  EXPECT_LT(Cosine(together->row(0), together->row(1)), 0.99);
}

TEST_P(BackendContract, GivesTextsTheSameEmbeddingAloneAndPadded) {
  const auto encoder = Create(EncoderKind::kText).value();
  const std::vector<std::vector<std::int32_t>> texts = {
      {10512, 320, 10513}, {10512, 320, 1000, 2000, 3000, 400, 10513}, {10512, 77, 5000, 10513}};
  const auto together = Encode(*encoder, TextBatch{{texts.begin(), texts.end()}});
  ASSERT_TRUE(together.has_value()) << together.error().message;
  ASSERT_EQ(together->rows(), 3U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_GT(Cosine(Encode(*encoder, TextBatch{{texts[i]}})->row(0), together->row(i)), 0.99999);
}

TEST_P(BackendContract, TakesBatchesOfEverySize) {
  const auto encoder = Create(EncoderKind::kText).value();
  const std::vector<std::int32_t> text = {10512, 320, 1000, 10513};
  for (const std::size_t rows : {1U, 2U, 7U, 32U})
    EXPECT_EQ(Encode(*encoder, TextBatch{std::vector<std::span<const std::int32_t>>(rows, text)})->rows(), rows);
}

TEST_P(BackendContract, RefusesBatchesThatDoNotFit) {
  const auto image = Create(EncoderKind::kImage).value();
  const auto text = Create(EncoderKind::kText).value();
  const std::vector<std::uint8_t> short_picture(10);
  const std::vector<std::int32_t> long_text(static_cast<std::size_t>(model_.manifest.text.context_length) + 1, 5);
  const std::vector<std::int32_t> good_text = {10512, 10513};
  EXPECT_EQ(Encode(*image, ImageBatch{}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Encode(*image, ImageBatch{{short_picture}}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Encode(*image, TextBatch{{good_text}}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Encode(*text, TextBatch{}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Encode(*text, TextBatch{{std::span(good_text).first(0)}}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Encode(*text, TextBatch{{long_text}}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(Encode(*text, TextBatch{{good_text}}).has_value());  // and works on after a refusal
}

TEST_P(BackendFileContract, AnswersATokenOutsideTheVocabularyWithAnError) {
  const auto text = Create(EncoderKind::kText).value();
  const std::vector<std::int32_t> foreign = {10512, 49407, 10513};
  const std::vector<std::int32_t> good = {10512, 10513};
  EXPECT_FALSE(Encode(*text, TextBatch{{foreign}}).has_value());
  EXPECT_TRUE(Encode(*text, TextBatch{{good}}).has_value());
}

TEST_P(BackendFileContract, NamesWhatDoesNotFitTheManifest) {
  const auto expect_bad = [&](std::string_view words) {
    const auto encoder = Create(EncoderKind::kImage);
    ASSERT_FALSE(encoder.has_value());
    EXPECT_EQ(encoder.error().code, ErrorCode::kBadModel);
    EXPECT_THAT(encoder.error().message, testing::HasSubstr(words));
  };
  const Manifest good = model_.manifest;
  model_.manifest.embedding_dimension = 512;
  expect_bad("512");
  model_.manifest = good;
  model_.manifest.image.crop_size = 224;
  expect_bad("224");
  model_.manifest = good;
  model_.manifest.encoders[GetParam()].image->input = "pixels";
  expect_bad("it has: pixel_values");
  model_.manifest = good;
  model_.manifest.encoders[GetParam()].image->output = "embedding";
  expect_bad("it has: image_embeds");
  model_.manifest = good;
  model_.manifest.encoders.clear();
  expect_bad("has no image encoder");
}

TEST_P(BackendFileContract, RefusesDamagedFiles) {
  const fs::path folder = fs::path(testing::TempDir()) / "backend_contract_damaged";
  fs::create_directories(folder);
  EncoderFile& file = *model_.manifest.encoders[GetParam()].image;
  const std::string good = ReadFile(model_.folder / file.file, std::size_t{1} << 30U).value();
  const std::vector<std::string> damaged = {"", "not a model", good.substr(0, good.size() / 2),
                                            std::string(1000, '\xff')};
  for (const std::string& content : damaged) {
    ASSERT_TRUE(WriteFileAtomically(folder / file.file, content).has_value());
    const auto encoder = backend_->CreateEncoder(EncoderKind::kImage, model_.manifest, folder);
    ASSERT_FALSE(encoder.has_value());
    EXPECT_EQ(encoder.error().code, ErrorCode::kBadModel);
    EXPECT_THAT(encoder.error().message, testing::HasSubstr(file.file));
  }
  fs::remove_all(folder);
  EXPECT_EQ(backend_->CreateEncoder(EncoderKind::kImage, model_.manifest, folder).error().code, ErrorCode::kBadModel);
}

TEST_P(BackendContract, AnswersEachBatchOnceHoweverManyAreInFlight) {
  const auto encoder = Create(EncoderKind::kText).value();
  const std::vector<std::int32_t> text = {10512, 320, 10513};
  std::vector<std::future<bool>> answers;
  for (int i = 0; i < encoder->info().max_in_flight; ++i) {
    const auto answer = std::make_shared<std::promise<bool>>();
    answers.push_back(answer->get_future());
    encoder->Submit(TextBatch{{text}}, [answer](const Result<Embeddings>& result) {
      answer->set_value(result.has_value());  // throws if it is called again
    });
  }
  for (std::future<bool>& answer : answers) EXPECT_TRUE(answer.get());
}

INSTANTIATE_TEST_SUITE_P(All, BackendContract, testing::Values("onnx", "simulated"));
INSTANTIATE_TEST_SUITE_P(All, BackendFileContract, testing::Values("onnx"));

TEST(BackendRegistry, NamesTheBackendsItHas) {
  const Logger logger(LogLevel::kError, LogFormat::kText);
  const auto backend = CreateBackend("onyx", {}, logger);
  EXPECT_EQ(backend.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(backend.error().message, testing::HasSubstr("it has: onnx, simulated"));
}

}  // namespace
}  // namespace hailo_clip
