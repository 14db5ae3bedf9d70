#include "text/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace hailo_clip {
namespace {

using ::testing::HasSubstr;

std::string Gzip(std::string content) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(content.data());
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

void ExpectRefused(const std::string& gzip, std::size_t limit, const char* why) {
  const auto content = Gunzip(gzip, limit);
  ASSERT_FALSE(content.has_value());
  EXPECT_EQ(content.error().code, ErrorCode::kBadModel);
  EXPECT_THAT(content.error().message, HasSubstr(why));
}

TEST(Gunzip, GivesTheContentBackUpToTheLimit) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300'000}, std::size_t{1} << 20}) {
    const std::string content(size, 'x');
    const auto unpacked = Gunzip(Gzip(content), 1 << 20);
    ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message;
    EXPECT_EQ(*unpacked, content);
  }
}

TEST(Gunzip, RefusesABomb) { ExpectRefused(Gzip(std::string(50 << 20, '\0')), 1 << 20, "the limit of 1048576 bytes"); }
TEST(Gunzip, RefusesOneByteTooMany) { ExpectRefused(Gzip(std::string(1001, 'x')), 1000, "the limit of 1000 bytes"); }

TEST(Gunzip, RefusesWhatIsNotWholeGzip) {
  const std::string packed = Gzip("a merge list");
  ExpectRefused("", 100, "cut short");
  ExpectRefused(packed.substr(0, packed.size() - 1), 100, "cut short");
  ExpectRefused("plain text", 100, "no gzip file");
  ExpectRefused(packed + "more", 100, "4 bytes follow");
  std::string damaged = packed;
  damaged[damaged.size() - 6] ^= 1;  // the checksum
  ExpectRefused(damaged, 100, "damaged");
}

}  // namespace
}  // namespace hailo_clip
