// Every crop of tests/data/images/index.jsonl against Pillow 12.1.1 (tests/data/images/README.md).
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"
#include "image/preprocess.h"

namespace hailo_clip {
namespace {

const std::filesystem::path kImages = std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/images";

struct GoldenRow {
  std::string image;
  std::string mode;
  std::string exif;
  std::string format;
  std::string pil_mode;
  std::string sha256;
  std::string transformers;  // crop of transformers' Pillow processor: rounded down, transparency over white
  std::string high_byte;     // empty unless 16-bit gray
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<double> first8;
  double sum = 0;
};

std::string Text(simdjson::dom::element row, const char* key) { return std::string(row[key].get_string().value()); }

std::string DigestOf(simdjson::dom::element row, const char* other) {
  std::string_view digest;
  if (row["others"][other]["sha256"].get(digest) != simdjson::SUCCESS) return "";
  return std::string(digest);
}

GoldenRow ParseRow(simdjson::dom::element row) {
  GoldenRow golden{.image = Text(row, "image"),
                   .mode = Text(row, "mode"),
                   .exif = Text(row, "exif"),
                   .format = Text(row, "format"),
                   .pil_mode = Text(row, "pil_mode"),
                   .sha256 = Text(row, "sha256"),
                   .transformers = DigestOf(row, "transformers_pil"),
                   .high_byte = DigestOf(row, "high_byte"),
                   .width = row["size"].at(0).get_int64().value(),
                   .height = row["size"].at(1).get_int64().value(),
                   .first8 = {},
                   .sum = row["sum"].get_double().value()};
  if (golden.transformers.empty()) golden.transformers = golden.sha256;
  for (const double value : row["first8"].get_array()) golden.first8.push_back(value);
  return golden;
}

const std::vector<GoldenRow>& GoldenRows() {
  static const std::vector<GoldenRow> rows = [] {
    std::vector<GoldenRow> parsed;
    simdjson::dom::parser parser;
    for (const simdjson::dom::element row : parser.load_many((kImages / "index.jsonl").string())) {
      parsed.push_back(ParseRow(row));
    }
    return parsed;
  }();
  return rows;
}

PreprocessSpec SpecOf(const GoldenRow& row, CropRounding rounding) {
  PreprocessSpec spec{.crop_rounding = rounding,
                      .mean = {0.48145466F, 0.4578275F, 0.40821073F},
                      .standard_deviation = {0.26862954F, 0.26130258F, 0.27577711F}};
  spec.resize_size = spec.crop_size = std::stoi(row.mode.substr(row.mode.size() - 3));
  if (row.mode == "squash256") {
    spec.resize_mode = ResizeMode::kSquash;
    spec.mean = spec.standard_deviation = {0.5F, 0.5F, 0.5F};
  }
  return spec;
}

Result<PreparedPicture> Prepare(const GoldenRow& row, CropRounding rounding, AlphaMode alpha, Gray16Mode gray16) {
  const std::string bytes = ReadFile(kImages / row.image, 1U << 20U).value();
  DecodeOptions options;
  options.max_time = std::chrono::minutes(5);  // these tests are not about time, and sanitizer builds are slow
  options.apply_orientation = row.exif != "ignored";
  options.alpha = alpha;
  options.gray16 = gray16;
  return PreparePicture(std::as_bytes(std::span(bytes)), SpecOf(row, rounding), options);
}

std::string Digest(const RgbImage& image) {
  return Sha256Hex({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()});
}

// The largest difference to the crop that is kept as a PNG file.
int LargestDifference(const GoldenRow& row, const RgbImage& crop) {
  const auto file = ReadFile(kImages / "expected" / (row.image + "." + row.mode + ".png"), 1U << 20U);
  if (!file.has_value()) return 256;
  const RgbImage expected = PreparePicture(std::as_bytes(std::span(*file)), SpecOf(row, {}), {}).value().crop;
  int largest = 0;
  for (std::size_t i = 0; i < crop.pixels.size(); ++i) {
    largest = std::max(largest, std::abs(crop.pixels[i] - expected.pixels[i]));
  }
  return largest;
}

// Rows that our decoders cannot match, and why. Everything else must be identical to the last bit.
std::string ReasonToDiffer(const GoldenRow& row, bool drop_alpha) {
  if (row.format == "BMP") return "BMP is not read";
  if (row.format == "AVIF") return "libheif repeats colour samples where libavif interpolates them";
  if (row.image == "gif_small_first_frame.gif") return "around the frame: libnsgif transparent, Pillow the background";
  if (row.image == "gif_animated.gif" && drop_alpha)
    return "below transparent pixels libnsgif has black, Pillow a colour";
  return "";
}

struct Tally {
  int identical = 0;
  int within_one = 0;
  int worse = 0;
  int refused = 0;
};

class Table {
 public:
  void Add(const GoldenRow& row, const std::string& expected, bool drop_alpha, const Result<PreparedPicture>& picture) {
    Tally& tally = tallies_[row.format];
    const std::string reason = ReasonToDiffer(row, drop_alpha);
    const std::string name = row.image + " " + row.mode + " exif " + row.exif;
    if (!picture.has_value()) {
      ++tally.refused;
      EXPECT_EQ(row.format, "BMP") << name << ": " << picture.error().message;
      EXPECT_EQ(picture.error().code, ErrorCode::kUnsupported) << name;
      return;
    }
    EXPECT_EQ(picture->source_width, row.width) << name;
    EXPECT_EQ(picture->source_height, row.height) << name;
    if (Digest(picture->crop) == expected) {
      ++tally.identical;
      return;
    }
    EXPECT_NE(reason, "") << name << " is not identical";
    const int difference = LargestDifference(row, picture->crop);
    ++(difference <= 1 ? tally.within_one : tally.worse);
    notes_ += fmt::format("  {}: {}{}\n", name, reason,
                          difference <= 255 ? fmt::format(" (largest difference {})", difference) : "");
    // Measured with libheif 1.15: at most 31 levels at the edges of colours.
    if (row.format == "AVIF") {
      EXPECT_LE(difference, 40) << name;
    }
  }

  void Print() const {
    fmt::print("{:8}{:>10}{:>12}{:>7}{:>9}\n", "format", "identical", "within 1", "worse", "refused");
    for (const auto& [format, tally] : tallies_) {
      fmt::print("{:8}{:>10}{:>12}{:>7}{:>9}\n", format, tally.identical, tally.within_one, tally.worse, tally.refused);
    }
    fmt::print("{}", notes_);
  }

 private:
  std::map<std::string, Tally> tallies_;
  std::string notes_;
};

TEST(PreprocessGolden, IsIdenticalToPillowOnEveryRowThatTheDecodersAllow) {
  ASSERT_EQ(GoldenRows().size(), 306U);
  Table table;
  for (const GoldenRow& row : GoldenRows()) {
    table.Add(row, row.sha256, true, Prepare(row, CropRounding::kHalfToEven, AlphaMode::kDrop, Gray16Mode::kClip));
  }
  table.Print();
}

TEST(PreprocessGolden, IsIdenticalToTransformersOverWhiteWithItsCropRounding) {
  Table table;
  for (const GoldenRow& row : GoldenRows()) {
    table.Add(row, row.transformers, false,
              Prepare(row, CropRounding::kDown, AlphaMode::kOverWhite, Gray16Mode::kClip));
  }
  table.Print();
}

TEST(PreprocessGolden, GivesTheHighByteOf16BitGrayByDefault) {
  int compared = 0;
  for (const GoldenRow& row : GoldenRows()) {
    if (row.high_byte.empty()) continue;
    const auto picture = Prepare(row, CropRounding::kHalfToEven, DecodeOptions{}.alpha, DecodeOptions{}.gray16);
    ASSERT_TRUE(picture.has_value()) << picture.error().message;
    EXPECT_EQ(Digest(picture->crop), row.high_byte) << row.image << " " << row.mode;
    ++compared;
  }
  EXPECT_EQ(compared, 9);
}

TEST(PreprocessGolden, NormalisesToOpenClipsFloats) {
  for (const GoldenRow& row : GoldenRows()) {
    if (!ReasonToDiffer(row, true).empty()) continue;
    const auto picture = Prepare(row, CropRounding::kHalfToEven, AlphaMode::kDrop, Gray16Mode::kClip);
    ASSERT_TRUE(picture.has_value()) << picture.error().message;
    std::vector<float> values(picture->crop.pixels.size());
    NormalizeToNchw(picture->crop.pixels, SpecOf(row, {}), values);
    double sum = 0;
    for (const float value : values) sum += static_cast<double>(value);
    // Reference: torch's (x / 255 - mean) / std in float32, equal to the bit; the sum in double, in the same order
    // but for numpy's pairwise addition.
    for (std::size_t i = 0; i < row.first8.size(); ++i) {
      EXPECT_EQ(values[i], static_cast<float>(row.first8[i])) << row.image << " " << row.mode << " value " << i;
    }
    EXPECT_NEAR(sum, row.sum, 1e-6) << row.image << " " << row.mode;
  }
}

// Reference: Pillow 13.0.0's bilinear filter, horizontal pass first (tests/data/images/make_bilinear.py); to the bit.
TEST(PreprocessGolden, BilinearCropsAreIdentical) {
  int compared = 0;
  simdjson::dom::parser parser;
  for (const simdjson::dom::element row : parser.load_many((kImages / "bilinear.jsonl").string())) {
    const std::string bytes = ReadFile(kImages / Text(row, "image"), 1U << 20U).value();
    for (const char* mode : {"clip224", "squash256"}) {
      PreprocessSpec spec{.interpolation = Interpolation::kBilinear};
      if (mode == std::string_view("squash256"))
        spec = {.resize_mode = ResizeMode::kSquash,
                .resize_size = 256,
                .crop_size = 256,
                .interpolation = Interpolation::kBilinear};
      const auto picture = PreparePicture(std::as_bytes(std::span(bytes)), spec, {});
      ASSERT_TRUE(picture.has_value()) << picture.error().message;
      EXPECT_EQ(Digest(picture->crop), Text(row, mode)) << Text(row, "image") << " " << mode;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 22);
}

}  // namespace
}  // namespace hailo_clip
