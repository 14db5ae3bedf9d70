#include "cli/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include "base/file.h"
#include "base/test_folder.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  std::unique_ptr<OutputFile> Open() {
    auto file = OutputFile::Open(options_);
    EXPECT_TRUE(file.has_value()) << file.error().message;
    return file.has_value() ? *std::move(file) : nullptr;
  }
  std::string Refusal() {
    const auto file = OutputFile::Open(options_);
    return file.has_value() ? "" : file.error().message;
  }
  [[nodiscard]] std::string Content() const { return ReadFile(options_.file, 1 << 20).value(); }
  [[nodiscard]] std::string Index() const { return ReadFile(IndexPath(), 1 << 20).value(); }
  [[nodiscard]] fs::path IndexPath() const { return options_.file.string() + ".index.jsonl"; }

  const TestFolder folder_;
  OutputFile::Options options_{.file = folder_.path() / "out.jsonl", .settings = R"({"prompts":["a"],"top_k":3})"};
};

TEST_F(OutputFileTest, ASecondRunKnowsWhatIsThereAndGoesOn) {
  {
    const auto file = Open();
    EXPECT_TRUE(file->Append("a.jpg", "first\n").has_value());
    EXPECT_TRUE(file->Append("b.jpg", "").has_value()) << "no prompt reached the threshold";
  }
  const auto file = Open();
  EXPECT_TRUE(file->Has("a.jpg") && file->Has("b.jpg") && !file->Has("c.jpg"));
  EXPECT_TRUE(file->Append("c.jpg", "third\n").has_value());
  EXPECT_EQ(Content(), "first\nthird\n");
  EXPECT_EQ(Index(),
            R"({"settings":{"prompts":["a"],"top_k":3}})"
            "\n{\"file\":\"a.jpg\",\"end\":6}\n{\"file\":\"b.jpg\",\"end\":6}\n{\"file\":\"c.jpg\",\"end\":12}\n");
}

// Whatever part of the two files a killed run left: the run that goes on ends with the same two files.
TEST_F(OutputFileTest, RepairsWhateverAKilledRunLeft) {
  options_.header = "file,score\n";
  const std::vector<std::pair<std::string, std::string>> records{{"a", "a,1\n"}, {"b", "b,2\n"}, {"c", "c,3\n"}};
  const auto finish = [&] {
    const auto file = Open();
    for (const auto& [name, record] : records)
      if (!file->Has(name)) {
        EXPECT_TRUE(file->Append(name, record).has_value());
      }
  };
  finish();
  const std::string content = Content();
  const std::string index = Index();
  for (std::size_t i = 0; i <= content.size(); ++i)
    for (std::size_t k = index.find('\n') + 1; k <= index.size(); k += 3) {
      std::ofstream(options_.file, std::ios::binary) << content.substr(0, i);
      std::ofstream(IndexPath(), std::ios::binary) << index.substr(0, k);
      finish();
      ASSERT_EQ(Content(), content) << i << " bytes, index " << k;
      ASSERT_EQ(Index(), index) << i << " bytes, index " << k;
    }
}

TEST_F(OutputFileTest, StartsAgainAfterARunThatWasKilledBeforeItsFirstLineWasWhole) {
  ASSERT_TRUE(WriteFileAtomically(IndexPath(), "{\"sett").has_value());
  EXPECT_EQ(Open()->count(), 0U);
  EXPECT_TRUE(Index().ends_with("}\n"));
}

TEST_F(OutputFileTest, NamesTheSettingsThatChanged) {
  Open();
  options_.settings = R"({"prompts":["b"],"top_k":3,"threshold":0.5})";
  EXPECT_THAT(Refusal(), testing::HasSubstr("other settings (prompts, threshold)"));
  options_.settings = R"({"top_k":3})";
  EXPECT_THAT(Refusal(), testing::HasSubstr("other settings (prompts)"));
}

TEST_F(OutputFileTest, LeavesFilesAloneThatItDidNotWrite) {
  ASSERT_TRUE(WriteFileAtomically(options_.file, "precious").has_value());
  EXPECT_THAT(Refusal(), testing::HasSubstr("exists, but"));
  for (const char* index : {"", "{}\n", "[1]\n", "{\"settings\":3}\n", "not json\n"}) {
    ASSERT_TRUE(WriteFileAtomically(IndexPath(), index).has_value());
    EXPECT_NE(Refusal(), "") << index;
  }
  ASSERT_TRUE(WriteFileAtomically(IndexPath(), "{\"settings\":" + options_.settings + "}\nnonsense\n").has_value());
  EXPECT_THAT(Refusal(), testing::HasSubstr("is damaged after 0 pictures"));
  EXPECT_EQ(Content(), "precious");
}

TEST_F(OutputFileTest, RefusesWhatIsNoFile) {
  options_.file = folder_.path();
  EXPECT_NE(Refusal(), "");
  options_.file = folder_.path() / "missing" / "out.jsonl";
  EXPECT_THAT(Refusal(), testing::HasSubstr("No such file"));
  options_.file = "/dev/null";
  EXPECT_THAT(Refusal(), testing::HasSubstr("not a regular file"));
}

TEST_F(OutputFileTest, TwoRunsDoNotWriteAtOnce) {
  const auto first = Open();
  EXPECT_THAT(Refusal(), testing::HasSubstr("another run"));
}

TEST_F(OutputFileTest, KeepsNamesThatAreNotUtf8Apart) {
  {
    const auto file = Open();
    EXPECT_TRUE(file->Append("\xFF.jpg", "1\n").has_value());
  }
  const auto file = Open();
  EXPECT_TRUE(file->Has("\xFF.jpg"));
  EXPECT_FALSE(file->Has("\xFE.jpg"));
}

TEST_F(OutputFileTest, ANpyCanBeLoadedAfterEveryRow) {
  options_.file = folder_.path() / "out.npy";
  options_.format = OutputFormat::kNpy;
  options_.dimension = 2;
  const std::array<float, 2> row{0.5F, -1.0F};
  const std::string bytes(reinterpret_cast<const char*>(row.data()), sizeof(row));
  for (const std::size_t rows : {1U, 2U}) {
    const auto file = Open();
    EXPECT_TRUE(file->Append(fmt::format("{}.jpg", rows), bytes).has_value());
    const std::string content = Content();
    ASSERT_EQ(content.size(), 128 + 8 * rows);
    EXPECT_EQ(content.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
    EXPECT_THAT(
        content.substr(10, 117),
        testing::StartsWith(fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 2), }}  ", rows)));
    EXPECT_EQ(content[127], '\n');
    EXPECT_EQ(content.substr(128 + 8 * (rows - 1)), bytes);
  }
}

TEST(ChooseFormat, TakesTheEndingOrTheName) {
  EXPECT_EQ(ChooseFormat("a.jsonl", ""), OutputFormat::kJsonLines);
  EXPECT_EQ(ChooseFormat("a.csv", ""), OutputFormat::kCsv);
  EXPECT_EQ(ChooseFormat("a.txt", "npy"), OutputFormat::kNpy);
  EXPECT_EQ(ChooseFormat("a.npy", "csv"), OutputFormat::kCsv);
  for (const char* name : {"a", "a.txt", ".", ""}) EXPECT_FALSE(ChooseFormat(name, "").has_value()) << name;
  EXPECT_FALSE(ChooseFormat("a.csv", "xml").has_value());
}

}  // namespace
}  // namespace hailo_clip
