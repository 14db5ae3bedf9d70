#include "engine/label_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "backend/registry.h"
#include "base/file.h"
#include "base/test_folder.h"
#include "engine/scoring.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::size_t kPlenty = std::size_t{64} << 20U;

class LabelSetsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { model_ = LoadStarter(); }
  static void TearDownTestSuite() { model_.reset(); }

  static std::shared_ptr<LoadedModel> LoadStarter() {
    const ModelStore store({fs::path(HAILO_CLIP_SOURCE_DIR) / "models"});
    auto backend = CreateBackend("onnx", {.threads = 2}, logger_);
    return LoadedModel::Load(store.Find("starter").value(), std::move(backend).value(), cache_, clock_).value();
  }

  [[nodiscard]] std::unique_ptr<LabelSets> Start(std::size_t max_memory = kPlenty) const {
    return std::make_unique<LabelSets>(LabelSetStore::Folders{.own = folder_.path(), .shipped = {}}, max_memory,
                                       logger_, clock_);
  }
  [[nodiscard]] fs::path MatrixFile(const std::string& name) const {
    return folder_.path() / "compiled" / (name + ".starter.matrix");
  }
  static auto Use(LabelSets& sets, std::string_view name) { return sets.Use(name, model_, {}); }

  static inline const Logger logger_{LogLevel::kError, LogFormat::kText};
  static inline const Clock clock_;
  static inline EmbeddingCache cache_{{.entries = 100, .bytes = 1'000'000}};
  static inline std::shared_ptr<LoadedModel> model_;
  const TestFolder folder_;
};

TEST_F(LabelSetsTest, RowsAreTheEmbeddingsOfTheLabels) {
  const auto sets = Start();
  const LabelSet set{.labels = {"a cat", "a dog", "fog"},
                     .templates = {"a photo of {}.", "{}"},
                     .descriptions = {{"fog", {"thick mist over a road"}}}};
  ASSERT_TRUE(sets->store().Write("mixed", set).has_value());
  const auto compiled = Use(*sets, "mixed");
  ASSERT_TRUE(compiled.has_value()) << compiled.error().message;
  EXPECT_EQ((*compiled)->set.labels, set.labels);
  for (std::size_t label = 0; label < set.labels.size(); ++label) {
    const std::vector<std::string> texts = TextsOf(set, label);
    std::vector<float> mean(523);
    const auto encoded = model_->EncodeTexts(texts, {});
    for (const SharedEmbedding& one : encoded->embeddings)
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += (*one)[i];
    ASSERT_TRUE(NormalizeToUnitLength(mean));
    // Reference: single precision; a row in half precision is off by less than 2^-12 of each element.
    EXPECT_NEAR(MatrixCosines((*compiled)->matrix.embeddings, mean)[label], 1.0F, 3e-4F) << label;
  }
}

TEST_F(LabelSetsTest, LeavesTheTextCacheAlone) {
  const auto sets = Start();
  LabelSet set;
  for (int i = 0; i < 200; ++i) set.labels.push_back(fmt::format("label number {}", i));
  ASSERT_TRUE(sets->store().Write("many", set).has_value());
  const std::size_t before = cache_.size();
  ASSERT_TRUE(Use(*sets, "many").has_value());
  EXPECT_EQ(cache_.size(), before);
}

TEST_F(LabelSetsTest, IsCompiledOnceForManyAtATimeAndNotAgainAfterARestart) {
  auto sets = Start();
  ASSERT_TRUE(sets->store().Write("pets", {.labels = {"cat", "dog"}}).has_value());
  std::vector<std::shared_ptr<const CompiledLabels>> seen(8);
  {
    std::vector<std::jthread> threads;
    for (auto& one : seen) threads.emplace_back([&] { one = Use(*sets, "pets").value(); });
  }
  for (const auto& one : seen) EXPECT_EQ(one, seen.front());
  const auto written = fs::last_write_time(MatrixFile("pets"));
  sets = Start();
  EXPECT_EQ(sets->Progress(*sets->store().Find("pets"), seen.front()->set, *model_).state, CompileState::kCompiled);
  const auto again = Use(*sets, "pets");
  EXPECT_TRUE(std::ranges::equal((*again)->matrix.embeddings.halves(), seen.front()->matrix.embeddings.halves()));
  EXPECT_EQ(fs::last_write_time(MatrixFile("pets")), written);
}

TEST_F(LabelSetsTest, ADamagedMatrixIsMadeAnew) {
  auto sets = Start();
  ASSERT_TRUE(sets->store().Write("pets", {.labels = {"cat", "dog"}}).has_value());
  const auto first = Use(*sets, "pets").value();
  std::string bytes = ReadFile(MatrixFile("pets"), kPlenty).value();
  const std::string whole = bytes;
  bytes[bytes.size() / 2] ^= 0x10;
  ASSERT_TRUE(WriteFileAtomically(MatrixFile("pets"), bytes).has_value());
  sets = Start();
  const auto again = Use(*sets, "pets").value();
  EXPECT_TRUE(std::ranges::equal(again->matrix.embeddings.halves(), first->matrix.embeddings.halves()));
  EXPECT_EQ(ReadFile(MatrixFile("pets"), kPlenty).value(), whole);
}

TEST_F(LabelSetsTest, AReplacedSetIsSeenAndOldHoldersKeepTheirs) {
  const auto sets = Start();
  ASSERT_TRUE(sets->store().Write("pets", {.labels = {"cat", "dog"}}).has_value());
  const auto old = Use(*sets, "pets").value();
  ASSERT_TRUE(sets->store().Write("pets", {.labels = {"fish"}}).has_value());
  EXPECT_EQ(Use(*sets, "pets").value()->set.labels, std::vector<std::string>{"fish"});
  EXPECT_EQ(old->set.labels.size(), 2U);
  ASSERT_TRUE(sets->Remove("pets").has_value());
  EXPECT_EQ(Use(*sets, "pets").error().code, ErrorCode::kNotFound);
}

TEST_F(LabelSetsTest, OverTheLimitTheLeastRecentlyUsedLeavesMemory) {
  const auto sets = Start(1);  // room for none beside the newest
  ASSERT_TRUE(sets->store().Write("a", {.labels = {"cat"}}).has_value());
  ASSERT_TRUE(sets->store().Write("b", {.labels = {"dog"}}).has_value());
  const auto first = Use(*sets, "a").value();
  EXPECT_EQ(Use(*sets, "a").value(), first) << "in memory";
  ASSERT_TRUE(Use(*sets, "b").has_value());
  EXPECT_NE(Use(*sets, "a").value(), first) << "read again";
}

TEST_F(LabelSetsTest, TellsWhichLabelsWereCut) {
  const auto sets = Start();
  std::string endless;
  for (int i = 0; i < 100; ++i) endless += "word ";
  ASSERT_TRUE(sets->store().Write("long", {.labels = {"cat", endless}}).has_value());
  const auto compiled = Use(*sets, "long").value();
  EXPECT_THAT(sets->Progress(*sets->store().Find("long"), compiled->set, *model_).truncated, testing::ElementsAre(1));
}

TEST_F(LabelSetsTest, WithoutAFolderToWriteToItIsKeptInMemory) {
  const TestFolder shipped;
  ASSERT_TRUE(WriteFileAtomically(shipped.path() / "pets.json", R"({"labels":["cat"]})").has_value());
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "file", "x").has_value());
  LabelSets sets({.own = folder_.path() / "file" / "own", .shipped = shipped.path()}, kPlenty, logger_, clock_);
  const auto compiled = Use(sets, "pets");
  ASSERT_TRUE(compiled.has_value()) << compiled.error().message;
  EXPECT_EQ(Use(sets, "pets").value(), *compiled);
}

TEST_F(LabelSetsTest, AFileThatCannotBeUsedFailsUntilItIsCorrected) {
  const auto sets = Start();
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "pets.json", "{").has_value());
  EXPECT_THAT(Use(*sets, "pets").error().message, HasSubstr("cannot be used"));
  EXPECT_THAT(Use(*sets, "pets").error().message, HasSubstr("cannot be used"));
  ASSERT_TRUE(sets->store().Write("pets", {.labels = {"cat"}}).has_value());
  EXPECT_TRUE(Use(*sets, "pets").has_value());
}

TEST_F(LabelSetsTest, SaysHowFarItIsInsteadOfHoldingAPlace) {
  const auto sets = Start();
  LabelSet set;
  for (int i = 0; i < 20'000; ++i) set.labels.push_back(fmt::format("label number {}", i));
  ASSERT_TRUE(sets->store().Write("many", set).has_value());
  const auto early = sets->Use("many", model_, {.deadline = clock_.Now()});
  EXPECT_EQ(early.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(early.error().message, HasSubstr("is being compiled"));
  EXPECT_EQ(sets->Progress(*sets->store().Find("many"), set, *model_).state, CompileState::kCompiling);
  std::stop_source gone;
  gone.request_stop();
  EXPECT_EQ(sets->Use("many", model_, {.cancelled = gone.get_token()}).error().code, ErrorCode::kCancelled);
}  // and a compilation under way does not keep the program from stopping

}  // namespace
}  // namespace hailo_clip
