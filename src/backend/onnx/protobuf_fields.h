// Takes a protobuf message apart, field by field, without knowing more of it than its wire format.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hailo_clip {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

struct ProtobufField {
  std::uint64_t number = 0;
  WireType type = WireType::kVarint;
  std::uint64_t value = 0;   // of kVarint
  std::string_view all;      // with its tag
  std::string_view content;  // of kLength: without tag and length
};

// for (ProtobufFields fields(message); !fields.done();) ... fields.Next(). The views are into the message, which is
// trusted with nothing: lengths are checked against what is there.
// Format: protobuf's encoding guide; groups, which proto2 deprecates, are not read.
class ProtobufFields {
 public:
  explicit ProtobufFields(std::string_view message) : rest_(message) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  // nullopt if what follows is no field.
  [[nodiscard]] std::optional<ProtobufField> Next();

  // A number at the front; nullopt if there is none. For packed lists of numbers.
  [[nodiscard]] std::optional<std::uint64_t> Varint();

 private:
  std::string_view rest_;
};

}  // namespace hailo_clip
