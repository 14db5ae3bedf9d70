#include "text/sentencepiece_file.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "text/chars_map.h"

namespace hailo_clip {
namespace {

// Numbers of fields in sentencepiece_model.proto.
constexpr std::uint64_t kPieces = 1, kNormalizer = 3, kDenormalizer = 5;
constexpr std::uint64_t kPieceText = 1;
constexpr std::uint64_t kCharsMap = 2;

// The fields of one message in order; only those of bytes have a content.
class WireReader {
 public:
  struct Field {
    std::uint64_t number = 0;
    std::optional<std::string_view> bytes;
  };

  explicit WireReader(std::string_view message) : rest_(message) {}

  // Empty at the end, and where the message is broken.
  std::optional<Field> Next() {
    if (rest_.empty() || broken_) return std::nullopt;
    const std::uint64_t tag = Varint();
    Field field{.number = tag >> 3U, .bytes = {}};
    switch (tag & 7U) {
      case 0: Varint(); break;
      case 1: Take(8); break;
      case 2: field.bytes = Take(Varint()); break;
      case 5: Take(4); break;
      default: broken_ = true;
    }
    if (broken_) return std::nullopt;
    return field;
  }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    broken_ = true;
    return 0;
  }

  std::string_view Take(std::uint64_t size) {
    if (size > rest_.size()) {
      broken_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool broken_ = false;
};

Status CheckPiece(std::string_view piece, std::size_t index) {
  WireReader reader(piece);
  bool has_text = false;
  while (const auto field = reader.Next()) {
    if (field->number != kPieceText || !field->bytes.has_value()) continue;
    has_text = !field->bytes->empty() && field->bytes->find('\0') == std::string_view::npos;
    if (!has_text) break;
  }
  if (!has_text || reader.broken()) return Fail(ErrorCode::kBadModel, "its piece {} is no text", index);
  return {};
}

Status CheckNormalizer(std::string_view normalizer) {
  WireReader reader(normalizer);
  while (const auto field = reader.Next()) {
    if (field->number == kCharsMap && field->bytes.has_value()) HC_TRY(CharsMap::Create(*field->bytes));
  }
  if (reader.broken()) return Fail(ErrorCode::kBadModel, "its normalisation rules are damaged");
  return {};
}

}  // namespace

Status CheckSentencePieceFile(std::string_view model) {
  WireReader reader(model);
  std::size_t pieces = 0;
  while (const auto field = reader.Next()) {
    if (!field->bytes.has_value()) continue;
    if (field->number == kPieces) HC_TRY(CheckPiece(*field->bytes, pieces++));
    if (field->number == kNormalizer || field->number == kDenormalizer) HC_TRY(CheckNormalizer(*field->bytes));
  }
  if (reader.broken() || pieces == 0) return Fail(ErrorCode::kBadModel, "it is no SentencePiece model");
  if (pieces > kMaxPieces) return Fail(ErrorCode::kBadModel, "it has over {} pieces", kMaxPieces);
  return {};
}

}  // namespace hailo_clip
