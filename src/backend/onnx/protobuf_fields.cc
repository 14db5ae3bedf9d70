#include "backend/onnx/protobuf_fields.h"

namespace hailo_clip {

std::optional<ProtobufField> ProtobufFields::Next() {
  const char* begin = rest_.data();
  const auto tag = Varint();
  if (!tag.has_value()) return std::nullopt;
  ProtobufField field{
      .number = *tag >> 3U, .type = static_cast<WireType>(*tag & 7U), .value = 0, .all = {}, .content = {}};
  std::uint64_t length = 0;
  switch (field.type) {
    case WireType::kVarint: {
      const auto value = Varint();
      if (!value.has_value()) return std::nullopt;
      field.value = *value;
      break;
    }
    case WireType::kFixed64: length = 8; break;
    case WireType::kFixed32: length = 4; break;
    case WireType::kLength: {
      const auto announced = Varint();
      if (!announced.has_value()) return std::nullopt;
      length = *announced;
      break;
    }
    default: return std::nullopt;
  }
  if (field.number == 0 || length > rest_.size()) return std::nullopt;
  field.content = rest_.substr(0, length);
  rest_.remove_prefix(length);
  field.all = {begin, static_cast<std::size_t>(rest_.data() - begin)};
  return field;
}

std::optional<std::uint64_t> ProtobufFields::Varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace hailo_clip
