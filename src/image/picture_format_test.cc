#include "image/picture_format.h"

#include <gtest/gtest.h>

#include <string>

namespace hailo_clip {
namespace {

using std::string_literals::operator""s;

std::optional<PictureFormat> Sniff(const std::string& bytes) { return SniffFormat(std::as_bytes(std::span(bytes))); }

TEST(SniffFormat, KnowsEachFormatByItsFirstBytes) {
  EXPECT_EQ(Sniff("\xff\xd8\xff\xe0"), PictureFormat::kJpeg);
  EXPECT_EQ(Sniff("\x89PNG\r\n\x1a\n"), PictureFormat::kPng);
  EXPECT_EQ(Sniff("GIF87a"), PictureFormat::kGif);
  EXPECT_EQ(Sniff("GIF89a"), PictureFormat::kGif);
  EXPECT_EQ(Sniff("RIFF\x10\0\0\0WEBPVP8 "s), PictureFormat::kWebp);
  EXPECT_EQ(Sniff("II*\0"s), PictureFormat::kTiff);
  EXPECT_EQ(Sniff("MM\0*"s), PictureFormat::kTiff);
  EXPECT_EQ(Sniff("\0\0\0\x1c"
                  "ftypavif\0\0\0\0"s),
            PictureFormat::kAvif);
  EXPECT_EQ(Sniff("\0\0\0\x1c"
                  "ftypheic\0\0\0\0"s),
            PictureFormat::kHeif);
}

TEST(SniffFormat, LooksAtTheCompatibleBrandsOfAGeneralHeifFile) {
  EXPECT_EQ(Sniff("\0\0\0\x1c"
                  "ftypmif1\0\0\0\0miafavif"s),
            PictureFormat::kAvif);
  EXPECT_EQ(Sniff("\0\0\0\x1c"
                  "ftypmif1\0\0\0\0miafheic"s),
            PictureFormat::kHeif);
}

TEST(SniffFormat, KnowsNothingElse) {
  for (const std::string& bytes : {""s, "\xff\xd8"s, "BM"s, "<svg>"s, "%PDF-1.4"s, "RIFF\0\0\0\0WAVE"s, "P6 1 1"s,
                                   "\0\0\0\x1c"
                                   "ftypisom\0\0\0\0"s,
                                   "SIMPLE  ="s}) {
    EXPECT_EQ(Sniff(bytes), std::nullopt) << bytes;
  }
}

}  // namespace
}  // namespace hailo_clip
