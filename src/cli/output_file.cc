#include "cli/output_file.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <simdjson.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <map>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/json_writer.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "rows of a .npy are written as they lie in memory");

constexpr std::size_t kMaxIndexBytes = std::size_t{1} << 30U;  // millions of pictures
constexpr std::size_t kNpyHeader = 128;                        // NumPy wants a multiple of 64

std::unexpected<Error> SystemFailure(ErrorCode code, std::string_view what, const fs::path& path) {
  const int error = errno;
  return Fail(code, "{} {} failed: {}", what, path.string(), SystemMessage(error));
}

// NumPy's format 1.0: magic, version, length of what follows, a Python literal padded with blanks.
std::string NpyHeader(std::size_t rows, int columns) {
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(kNpyHeader - 10);
  header += '\0';
  header += fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  header.resize(kNpyHeader - 1, ' ');
  return header + '\n';
}

Status WriteAt(int fd, std::string_view bytes, std::uint64_t offset, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemFailure(ErrorCode::kInternal, "writing", path);
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

// The descriptor of a regular file, made if it is missing.
Result<int> OpenForWriting(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
  if (fd < 0) return SystemFailure(ErrorCode::kInvalidArgument, "--output: opening", path);
  struct stat info{};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return fd;
  ::close(fd);
  return Fail(ErrorCode::kInvalidArgument, "--output: {} is not a regular file", path.string());
}

std::uint64_t SizeOf(int fd) {
  struct stat info{};
  return ::fstat(fd, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

// Members of {"settings": {...}}, each as JSON text; nullopt if the line is something else.
std::optional<std::map<std::string, std::string>> SettingsOf(std::string_view line) {
  simdjson::dom::parser parser;
  simdjson::dom::object settings;
  if (parser.parse(line.data(), line.size())["settings"].get_object().get(settings) != simdjson::SUCCESS) return {};
  std::map<std::string, std::string> members;
  for (const auto& [key, value] : settings) members.emplace(std::string(key), simdjson::minify(value));
  return members;
}

std::string SettingsLine(std::string_view settings) { return fmt::format("{{\"settings\":{}}}\n", settings); }

// JSON cannot hold a name that is not UTF-8; its bytes stand beside it then.
std::string EntryLine(const std::string& name, std::uint64_t end) {
  JsonWriter json;
  json.BeginObject().Key("file").String(name).Key("end").Integer(static_cast<std::int64_t>(end));
  if (!simdjson::validate_utf8(name)) {
    std::string hex;
    for (const char c : name) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    json.Key("file_hex").String(hex);
  }
  json.EndObject();
  return std::move(json).Take() + "\n";
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

struct Entry {
  std::string name;
  std::uint64_t end = 0;
};

std::optional<Entry> EntryOf(simdjson::dom::parser& parser, std::string_view line) {
  simdjson::dom::element entry;
  std::string_view name;
  std::string_view hex;
  Entry result;
  if (parser.parse(line.data(), line.size()).get(entry) != simdjson::SUCCESS ||
      entry["file"].get_string().get(name) != simdjson::SUCCESS ||
      entry["end"].get_uint64().get(result.end) != simdjson::SUCCESS)
    return std::nullopt;
  const bool is_hex = entry["file_hex"].get_string().get(hex) == simdjson::SUCCESS &&
                      hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  result.name = is_hex ? FromHex(hex) : std::string(name);
  return result;
}

}  // namespace

std::string_view ToString(OutputFormat format) {
  switch (format) {
    case OutputFormat::kJsonLines: return "jsonl";
    case OutputFormat::kCsv: return "csv";
    case OutputFormat::kNpy: return "npy";
  }
  return "jsonl";
}

Result<OutputFormat> ChooseFormat(const fs::path& file, std::string_view format) {
  const std::string ending = file.extension().string();
  const std::string_view wanted = format.empty() && !ending.empty() ? std::string_view(ending).substr(1) : format;
  if (wanted == "jsonl" || wanted == "ndjson") return OutputFormat::kJsonLines;
  if (wanted == "csv") return OutputFormat::kCsv;
  if (wanted == "npy") return OutputFormat::kNpy;
  return Fail(ErrorCode::kInvalidArgument,
              "--output: the format of {} is not known; let it end in .jsonl, .csv or .npy, or name one of these with "
              "--format",
              file.string());
}

std::string OutputFile::IndexName() const { return options_.file.string() + ".index.jsonl"; }

Result<std::unique_ptr<OutputFile>> OutputFile::Open(Options options) {
  if (options.format == OutputFormat::kNpy) options.header = NpyHeader(0, options.dimension);
  const fs::path index_path = options.file.string() + ".index.jsonl";
  HC_ASSIGN(const int data, OpenForWriting(options.file));
  std::error_code ignored;
  if (SizeOf(data) > 0 && !fs::exists(index_path, ignored)) {
    ::close(data);
    return Fail(ErrorCode::kInvalidArgument,
                "--output: {} exists, but {} does not, which says what is in it; choose another name, or delete it",
                options.file.string(), index_path.string());
  }
  auto index = OpenForWriting(index_path);
  if (!index) {
    ::close(data);
    return std::unexpected(std::move(index).error());
  }
  std::unique_ptr<OutputFile> file(new OutputFile(std::move(options), data, *index));
  if (::flock(file->index_.get(), LOCK_EX | LOCK_NB) != 0)
    return Fail(ErrorCode::kInvalidArgument, "--output: another run is writing {} now", file->options_.file.string());
  HC_TRY(file->ReadIndex());
  return file;
}

Status OutputFile::ReadIndex() {
  HC_ASSIGN(const std::string content, ReadFile(IndexName(), kMaxIndexBytes));
  const std::uint64_t size = SizeOf(data_.get());
  const std::size_t first_line = content.find('\n');
  if (first_line == std::string::npos) {  // new, or killed before anything was answered
    if (size > 0)
      return Fail(ErrorCode::kInvalidArgument,
                  "--output: {} does not say what is in {}; choose another name, or delete both", IndexName(),
                  options_.file.string());
    const std::string line = SettingsLine(options_.settings);
    if (::ftruncate(index_.get(), 0) != 0) return SystemFailure(ErrorCode::kInternal, "truncating", IndexName());
    HC_TRY(WriteAt(index_.get(), line, 0, IndexName()));
    index_end_ = line.size();
  } else {
    HC_TRY(CheckSettings(std::string_view(content).substr(0, first_line)));
    index_end_ = first_line + 1;
    data_end_ = options_.header.size();
    if (size >= data_end_) HC_TRY(ReadEntries(std::string_view(content).substr(index_end_)));
  }
  data_end_ = std::max<std::uint64_t>(data_end_, options_.header.size());
  HC_TRY(WriteHeader());
  if (::ftruncate(data_.get(), static_cast<off_t>(data_end_)) != 0)
    return SystemFailure(ErrorCode::kInternal, "truncating", options_.file);
  if (::ftruncate(index_.get(), static_cast<off_t>(index_end_)) != 0)
    return SystemFailure(ErrorCode::kInternal, "truncating", IndexName());
  return {};
}

// Takes the entries whose records are there. The last line may be a part: a killed run leaves that.
Status OutputFile::ReadEntries(std::string_view lines) {
  const std::uint64_t size = SizeOf(data_.get());
  simdjson::dom::parser parser;
  while (true) {
    const std::size_t length = lines.find('\n');
    if (length == std::string_view::npos) return {};
    const std::optional<Entry> entry = EntryOf(parser, lines.substr(0, length));
    if (!entry || entry->end < data_end_)
      return Fail(ErrorCode::kInvalidArgument,
                  "--output: {} is damaged after {} pictures; choose another name, or delete it and {}", IndexName(),
                  done_.size(), options_.file.string());
    if (entry->end > size) return {};
    done_.insert(entry->name);
    data_end_ = entry->end;
    index_end_ += length + 1;
    lines.remove_prefix(length + 1);
  }
}

Status OutputFile::CheckSettings(std::string_view line) const {
  const auto before = SettingsOf(line);
  const auto now = SettingsOf(SettingsLine(options_.settings)).value();
  if (!before)
    return Fail(ErrorCode::kInvalidArgument, "--output: {} was not written by this program; choose another name",
                IndexName());
  std::vector<std::string> changed;
  for (const auto& [key, value] : now)
    if (!before->contains(key) || before->at(key) != value) changed.push_back(key);
  for (const auto& [key, value] : *before)
    if (!now.contains(key)) changed.push_back(key);
  if (changed.empty()) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "--output: {} was begun with other settings ({}); choose another name, or delete it and {}",
              options_.file.string(), fmt::join(changed, ", "), IndexName());
}

Status OutputFile::WriteHeader() {
  if (options_.format != OutputFormat::kNpy) return WriteAt(data_.get(), options_.header, 0, options_.file);
  const std::uint64_t row = std::uint64_t{sizeof(float)} * static_cast<std::uint64_t>(options_.dimension);
  const std::uint64_t rows = (data_end_ - options_.header.size()) / row;
  return WriteAt(data_.get(), NpyHeader(rows, options_.dimension), 0, options_.file);
}

Status OutputFile::Append(const std::string& name, std::string_view record) {
  HC_TRY(WriteAt(data_.get(), record, data_end_, options_.file));
  data_end_ += record.size();
  if (options_.format == OutputFormat::kNpy) HC_TRY(WriteHeader());
  const std::string line = EntryLine(name, data_end_);
  HC_TRY(WriteAt(index_.get(), line, index_end_, IndexName()));
  index_end_ += line.size();
  done_.insert(name);
  return {};
}

Status OutputFile::Sync() {
  if (::fsync(data_.get()) != 0) return SystemFailure(ErrorCode::kInternal, "syncing", options_.file);
  if (::fsync(index_.get()) != 0) return SystemFailure(ErrorCode::kInternal, "syncing", IndexName());
  return {};
}

}  // namespace hailo_clip
