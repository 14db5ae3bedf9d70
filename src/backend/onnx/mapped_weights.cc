#include "backend/onnx/mapped_weights.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include "base/file_descriptor.h"

namespace hailo_clip {
namespace {

// Field numbers of onnx.proto.
constexpr std::uint64_t kModelGraph = 7;
constexpr std::uint64_t kGraphInitializer = 5;
constexpr std::uint64_t kTensorRawData = 9;
constexpr std::uint64_t kTensorExternalData = 13;
constexpr std::uint64_t kTensorDataLocation = 14;
constexpr std::uint64_t kDataLocationExternal = 1;
constexpr std::uint64_t kEntryKey = 1;
constexpr std::uint64_t kEntryValue = 2;

enum WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

class Mapping {
 public:
  Mapping(const FileDescriptor& file, std::size_t size)
      : size_(size), data_(::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0)) {}
  ~Mapping() {
    if (data_ != MAP_FAILED) ::munmap(data_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  [[nodiscard]] bool valid() const { return data_ != MAP_FAILED; }
  [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  std::size_t size_;
  void* data_;
};

struct Field {
  std::uint64_t number = 0;
  WireType type = kVarint;
  std::string_view all;      // with its tag
  std::string_view content;  // of kLength: without tag and length
};

// Takes one message apart, field by field.
class Fields {
 public:
  explicit Fields(std::string_view message) : rest_(message) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  // nullopt if what follows is no field.
  std::optional<Field> Next() {
    const char* begin = rest_.data();
    const auto tag = Varint();
    if (!tag.has_value()) return std::nullopt;
    Field field{.number = *tag >> 3U, .type = static_cast<WireType>(*tag & 7U), .all = {}, .content = {}};
    std::uint64_t length = 0;
    switch (field.type) {
      case kVarint:
        if (!Varint().has_value()) return std::nullopt;
        break;
      case kFixed64: length = 8; break;
      case kFixed32: length = 4; break;
      case kLength: {
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

 private:
  std::optional<std::uint64_t> Varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>(value | 0x80U);
  out += static_cast<char>(value);
}

void AppendBytes(std::string& out, std::uint64_t number, std::string_view bytes) {
  AppendVarint(out, number << 3U | kLength);
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
    for (Fields fields(tensor); !fields.done();) {
      const auto field = fields.Next();
      if (!field.has_value()) return std::nullopt;
      if (field->number == kTensorRawData && field->type == kLength && field->content.size() >= min_bytes_)
        raw = field->content;
      else
        out += field->all;
    }
    if (!raw.has_value()) return out;
    AppendEntry(out, "location", name_);
    AppendEntry(out, "offset", std::to_string(raw->data() - file_.data()));
    AppendEntry(out, "length", std::to_string(raw->size()));
    AppendVarint(out, kTensorDataLocation << 3U | kVarint);
    AppendVarint(out, kDataLocationExternal);
    return out;
  }

  // The message with each field `number` replaced by what `change` makes of it.
  template <typename Change>
  [[nodiscard]] static std::optional<std::string> Rewrite(std::string_view message, std::uint64_t number,
                                                          const Change& change) {
    std::string out;
    for (Fields fields(message); !fields.done();) {
      const auto field = fields.Next();
      if (!field.has_value()) return std::nullopt;
      if (field->number != number || field->type != kLength) {
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
  const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (opened.get() < 0 || ::fstat(opened.get(), &info) != 0)
    return Fail(ErrorCode::kNotFound, "cannot open {}: {}", file.string(), std::system_category().message(errno));
  if (!S_ISREG(info.st_mode) || info.st_size == 0)
    return Fail(ErrorCode::kBadModel, "{} is no ONNX graph", file.string());
  const Mapping mapping(opened, static_cast<std::size_t>(info.st_size));
  if (!mapping.valid())
    return Fail(ErrorCode::kOutOfMemory, "cannot map {}: {}", file.string(), std::system_category().message(errno));
  return WithExternalWeights(mapping.bytes(), file.filename().string());
}

}  // namespace hailo_clip
