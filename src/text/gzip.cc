#include "text/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace hailo_clip {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;  // no zlib and no raw streams
constexpr std::size_t kPiece = 256 << 10;

class Inflater {
 public:
  Inflater() : ready_(inflateInit2(&stream_, kGzipOnly) == Z_OK) {}
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_;
};

}  // namespace

Result<std::string> Gunzip(std::string_view gzip, std::size_t max_bytes) {
  if (gzip.size() > std::numeric_limits<uInt>::max())
    return Fail(ErrorCode::kBadModel, "a gzip file of {} bytes is too large", gzip.size());
  Inflater inflater;
  if (!inflater.ready()) return Fail(ErrorCode::kOutOfMemory, "zlib could not be set up");
  z_stream& stream = inflater.stream();
  // zlib does not write through next_in; its type only lacks the const in default builds.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(gzip.size());

  std::string content;
  int status = Z_OK;
  while (status == Z_OK) {
    const std::size_t done = content.size();
    const std::size_t room = std::min(kPiece, max_bytes + 1 - done);  // one more byte tells that there is too much
    if (room == 0) return Fail(ErrorCode::kBadModel, "it unpacks to more than the limit of {} bytes", max_bytes);
    content.resize(done + room);
    stream.next_out = reinterpret_cast<Bytef*>(content.data() + done);
    stream.avail_out = static_cast<uInt>(room);
    status = inflate(&stream, Z_NO_FLUSH);
    content.erase(content.size() - stream.avail_out);  // (GCC takes a smaller size in resize for an enormous one.)
  }
  if (status == Z_BUF_ERROR) return Fail(ErrorCode::kBadModel, "the gzip file is cut short");
  if (status == Z_MEM_ERROR) return Fail(ErrorCode::kOutOfMemory, "zlib ran out of memory");
  if (status != Z_STREAM_END)
    return Fail(ErrorCode::kBadModel, "it is no gzip file or damaged ({}, zlib status {})",
                stream.msg == nullptr ? "no detail" : stream.msg, status);
  if (stream.avail_in != 0)
    return Fail(ErrorCode::kBadModel, "{} bytes follow the end of the gzip data", stream.avail_in);
  if (content.size() > max_bytes)
    return Fail(ErrorCode::kBadModel, "it unpacks to more than the limit of {} bytes", max_bytes);
  return content;
}

}  // namespace hailo_clip
