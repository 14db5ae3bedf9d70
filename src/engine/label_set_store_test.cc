#include "engine/label_set_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "base/test_folder.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LabelSetStoreTest : public testing::Test {
 protected:
  LabelSetStoreTest() { fs::create_directories(shipped_); }

  void Ship(const std::string& name, std::string_view json) {
    ASSERT_TRUE(WriteFileAtomically(shipped_ / (name + ".json"), json).has_value());
  }
  [[nodiscard]] Result<LabelSet> Read(std::string_view name) const {
    const auto found = store_.Find(name);
    if (!found.has_value()) return std::unexpected(found.error());
    return store_.Read(*found);
  }
  [[nodiscard]] std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& found : store_.List()) names.push_back(found.name);
    return names;
  }
  [[nodiscard]] fs::path MatrixFile() const { return own_ / "compiled" / "pets.tiny.matrix"; }

  const TestFolder folder_;
  const fs::path own_ = folder_.path() / "own";
  const fs::path shipped_ = folder_.path() / "shipped";
  LabelSetStore store_{{.own = own_, .shipped = shipped_}};
  const LabelSet pets_{.labels = {"cat", "dog"}};
};

TEST_F(LabelSetStoreTest, ReadsBackWhatItWrote) {
  EXPECT_TRUE(store_.Write("pets", pets_).value());
  EXPECT_EQ(Read("pets")->labels, pets_.labels);
  EXPECT_FALSE(store_.Write("pets", {.labels = {"fish"}}).value()) << "it was there";
  EXPECT_EQ(Read("pets")->labels, std::vector<std::string>{"fish"});
}

TEST_F(LabelSetStoreTest, AnOwnSetHidesAShippedOneUntilItIsRemoved) {
  Ship("pets", R"({"labels":["hamster"]})");
  Ship("rooms", R"({"labels":["kitchen"]})");
  EXPECT_EQ(Read("pets")->labels.front(), "hamster");
  EXPECT_THAT(store_.Remove("pets").error().message, HasSubstr("comes with the program"));
  ASSERT_TRUE(store_.Write("pets", pets_).value());
  EXPECT_EQ(Read("pets")->labels.front(), "cat");
  EXPECT_THAT(Names(), testing::ElementsAre("pets", "rooms"));
  ASSERT_TRUE(store_.Remove("pets").has_value());
  EXPECT_EQ(Read("pets")->labels.front(), "hamster");
}

TEST_F(LabelSetStoreTest, NamesTheSetsThatExist) {
  ASSERT_TRUE(store_.Write("pets", pets_).has_value());
  const auto missing = store_.Find("pest");
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("there are: pets"));
  EXPECT_EQ(store_.Find("../pets").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_.Remove("pest").error().code, ErrorCode::kNotFound);
}

TEST_F(LabelSetStoreTest, ADamagedFileIsNamedAndOthersWork) {
  ASSERT_TRUE(store_.Write("pets", pets_).has_value());
  ASSERT_TRUE(WriteFileAtomically(own_ / "broken.json", "{\"labels\":[\"a\"").has_value());
  const auto broken = Read("broken");
  EXPECT_EQ(broken.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(broken.error().message, HasSubstr("broken.json cannot be used"));
  EXPECT_TRUE(Read("pets").has_value());
}

TEST_F(LabelSetStoreTest, TheStampTellsAReplacedFileFromTheOldOne) {
  ASSERT_TRUE(store_.Write("pets", pets_).has_value());
  const auto first = store_.Find("pets")->stamp;
  EXPECT_EQ(store_.Find("pets")->stamp, first);
  ASSERT_TRUE(store_.Write("pets", pets_).has_value());
  EXPECT_NE(store_.Find("pets")->stamp, first);
}

TEST_F(LabelSetStoreTest, SaysSoWhenNothingCanBeWritten) {
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "file", "x").has_value());
  LabelSetStore store({.own = folder_.path() / "file" / "own", .shipped = shipped_});  // not even for root
  const auto written = store.Write("pets", pets_);
  EXPECT_EQ(written.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(written.error().message, HasSubstr("label_sets.dir"));
}

class LabelMatrixFile : public LabelSetStoreTest {
 protected:
  LabelMatrixFile() {
    for (std::size_t r = 0; r < 2; ++r)
      matrix_.embeddings.SetRow(r, std::vector<float>(20, 0.1F + static_cast<float>(r)));
  }
  const LabelSetStore::MatrixKey key_{
      .name = "pets", .model = "tiny", .fingerprint = "sha256:1", .digest = "abc", .rows = 2, .dimension = 20};
  LabelMatrix matrix_{.embeddings = HalfMatrix(2, 20), .truncated = {false, true}};
};

TEST_F(LabelMatrixFile, IsReadBackEqual) {
  EXPECT_FALSE(store_.HasMatrix(key_));
  ASSERT_TRUE(store_.WriteMatrix(key_, matrix_).has_value());
  EXPECT_TRUE(store_.HasMatrix(key_));
  const auto again = store_.ReadMatrix(key_);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(std::ranges::equal(again->embeddings.halves(), matrix_.embeddings.halves()));
  EXPECT_EQ(again->truncated, matrix_.truncated);
}

TEST_F(LabelMatrixFile, IsOnlyFoundForTheModelAndTheTextsItWasMadeOf) {
  ASSERT_TRUE(store_.WriteMatrix(key_, matrix_).has_value());
  auto other_model = key_, other_texts = key_, other_rows = key_, other_name = key_;
  other_model.fingerprint = "sha256:2";
  other_texts.digest = "abd";
  other_rows.rows = 1;
  other_name.model = "large";
  for (const auto& key : {other_model, other_texts, other_rows, other_name}) {
    EXPECT_FALSE(store_.HasMatrix(key));
    EXPECT_EQ(store_.ReadMatrix(key).error().code, ErrorCode::kNotFound);
  }
}

TEST_F(LabelMatrixFile, IsRefusedWithAnyByteChangedOrMissing) {
  ASSERT_TRUE(store_.WriteMatrix(key_, matrix_).has_value());
  const std::string whole = ReadFile(MatrixFile(), 1U << 20U).value();
  const std::size_t header = whole.find('\n') + 1;
  for (std::size_t i = header; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] ^= 1;
    ASSERT_TRUE(WriteFileAtomically(MatrixFile(), damaged).has_value());
    ASSERT_EQ(store_.ReadMatrix(key_).error().code, ErrorCode::kBadModel) << i;
  }
  for (const std::string& damaged : {whole.substr(0, whole.size() - 1), whole + "x", whole.substr(0, header)}) {
    ASSERT_TRUE(WriteFileAtomically(MatrixFile(), damaged).has_value());
    EXPECT_EQ(store_.ReadMatrix(key_).error().code, ErrorCode::kBadModel);
  }
}

TEST_F(LabelMatrixFile, GoesWithItsSet) {
  ASSERT_TRUE(store_.Write("pets", pets_).has_value());
  ASSERT_TRUE(store_.WriteMatrix(key_, matrix_).has_value());
  auto other = key_;
  other.name = "pets-2";
  ASSERT_TRUE(store_.WriteMatrix(other, matrix_).has_value());
  ASSERT_TRUE(store_.Remove("pets").has_value());
  EXPECT_FALSE(fs::exists(MatrixFile()));
  EXPECT_TRUE(store_.HasMatrix(other));
}

}  // namespace
}  // namespace hailo_clip
