#include "image/png_chunks.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace hailo_clip {
namespace {

using std::string_literals::operator""s;

const std::string kSignature = "\x89PNG\r\n\x1a\n";
const std::string kHeader = "\0\0\0\x0dIHDR\0\0\0\x05\0\0\0\x07\x08\x02\0\0\0----"s;
const std::string kData = "\0\0\0\x02IDATxy----"s;
const std::string kText = "\0\0\0\x03zTXtabc----"s;
const std::string kKey = "\0\0\0\x02tRNS\0\0----"s;
const std::string kEnd = "\0\0\0\0IEND----"s;

Result<PngPixels> Keep(const std::string& file) { return KeepPixelChunks(std::as_bytes(std::span(file))); }

std::string_view Kept(const PngPixels& pixels) {
  return {reinterpret_cast<const char*>(pixels.file().data()), pixels.file().size()};
}

TEST(KeepPixelChunks, ReadsTheSizeAndKeepsAPlainFileInPlace) {
  const std::string file = kSignature + kHeader + kData + kEnd;
  const PngPixels pixels = Keep(file).value();
  EXPECT_EQ(pixels.width, 5);
  EXPECT_EQ(pixels.height, 7);
  EXPECT_EQ(Kept(pixels).data(), file.data());
  EXPECT_EQ(Kept(pixels), file);
}

TEST(KeepPixelChunks, DropsMetadataAndWhatFollowsTheEnd) {
  const std::string file = kSignature + kHeader + kText + kKey + kData + kText + kData + kEnd + "garbage";
  const PngPixels pixels = Keep(file).value();
  EXPECT_EQ(Kept(pixels), kSignature + kHeader + kKey + kData + kData + kEnd);
}

TEST(KeepPixelChunks, RefusesWhatEndsBeforeTheEndChunk) {
  const std::string file = kSignature + kHeader + kText + kData + kEnd;
  for (std::size_t size = kSignature.size(); size < file.size(); ++size) {
    const auto pixels = Keep(std::string(file.data(), size));
    ASSERT_FALSE(pixels.has_value()) << size;
    EXPECT_EQ(pixels.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(KeepPixelChunks, RefusesLengthsBeyondTheFileAndAMissingHeader) {
  EXPECT_FALSE(Keep(kSignature + kHeader + "\xff\xff\xff\xffIDATxy----"s + kEnd).has_value());
  EXPECT_FALSE(Keep(kSignature + kData + kEnd).has_value());
  EXPECT_FALSE(Keep(kSignature + "\0\0\0\x01IHDRa----"s + kEnd).has_value());
}

}  // namespace
}  // namespace hailo_clip
