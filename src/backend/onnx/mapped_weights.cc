#include "backend/onnx/mapped_weights.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "backend/onnx/file_mapping.h"
#include "backend/onnx/onnx_fields.h"
#include "backend/onnx/protobuf_fields.h"

namespace hailo_clip {
namespace {

constexpr std::uint64_t kLengthTag = 2;  // WireType::kLength

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>(value | 0x80U);
  out += static_cast<char>(value);
}

void AppendBytes(std::string& out, std::uint64_t number, std::string_view bytes) {
  AppendVarint(out, number << 3U | kLengthTag);
  AppendVarint(out, bytes.size());
  out += bytes;
}

void AppendEntry(std::string& tensor, std::string_view key, std::string_view value) {
  std::string entry;
  AppendBytes(entry, kEntryKey, key);
  AppendBytes(entry, kEntryValue, value);
  AppendBytes(tensor, kTensorExternalData, entry);
}

class Rewriter {
 public:
  Rewriter(std::string_view file, std::string name, std::size_t min_bytes)
      : file_(file), name_(std::move(name)), min_bytes_(min_bytes) {}

  // nullopt if the bytes are no such message.
  [[nodiscard]] std::optional<std::string> Model() const {
    return Rewrite(file_, kModelGraph, [this](std::string_view graph) { return Graph(graph); });
  }

 private:
  [[nodiscard]] std::optional<std::string> Graph(std::string_view graph) const {
    return Rewrite(graph, kGraphInitializer, [this](std::string_view tensor) { return Tensor(tensor); });
  }

  [[nodiscard]] std::optional<std::string> Tensor(std::string_view tensor) const {
    std::string out;
    std::optional<std::string_view> raw;
    for (ProtobufFields fields(tensor); !fields.done();) {
      const auto field = fields.Next();
      if (!field.has_value()) return std::nullopt;
      if (field->number == kTensorRawData && field->type == WireType::kLength && field->content.size() >= min_bytes_)
        raw = field->content;
      else
        out += field->all;
    }
    if (!raw.has_value()) return out;
    AppendEntry(out, "location", name_);
    AppendEntry(out, "offset", std::to_string(raw->data() - file_.data()));
    AppendEntry(out, "length", std::to_string(raw->size()));
    AppendVarint(out, kTensorDataLocation << 3U);  // a varint, wire type 0
    AppendVarint(out, kDataLocationExternal);
    return out;
  }

  // The message with each field `number` replaced by what `change` makes of it.
  template <typename Change>
  [[nodiscard]] static std::optional<std::string> Rewrite(std::string_view message, std::uint64_t number,
                                                          const Change& change) {
    std::string out;
    for (ProtobufFields fields(message); !fields.done();) {
      const auto field = fields.Next();
      if (!field.has_value()) return std::nullopt;
      if (field->number != number || field->type != WireType::kLength) {
        out += field->all;
        continue;
      }
      const std::optional<std::string> changed = change(field->content);
      if (!changed.has_value()) return std::nullopt;
      AppendBytes(out, number, *changed);
    }
    return out;
  }

  std::string_view file_;
  std::string name_;
  std::size_t min_bytes_;
};

}  // namespace

Result<std::string> WithExternalWeights(std::string_view graph, const std::string& file_name, std::size_t min_bytes) {
  auto rewritten = Rewriter(graph, file_name, min_bytes).Model();
  if (!rewritten.has_value() || graph.empty())
    return Fail(ErrorCode::kBadModel, "{} is no ONNX graph, or cut off", file_name);
  return *std::move(rewritten);
}

Result<std::string> WithMappedWeights(const std::filesystem::path& file) {
  HC_ASSIGN(const FileMapping mapping, FileMapping::Open(file));
  return WithExternalWeights(mapping.bytes(), file.filename().string());
}

}  // namespace hailo_clip
