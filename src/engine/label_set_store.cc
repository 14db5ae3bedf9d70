#include "engine/label_set_store.h"

#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <system_error>

#include "base/file.h"
#include "base/sha256.h"
#include "model/store.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "matrices are stored as they lie in memory");

constexpr std::string_view kSetSuffix = ".json";
constexpr std::size_t kHashBytes = 64;  // sha256, in hex, at the end of a matrix

std::optional<LabelSetStore::Stamp> StampOf(const fs::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return LabelSetStore::Stamp{.device = info.st_dev,
                              .inode = info.st_ino,
                              .size = info.st_size,
                              .changed_ns = std::int64_t{info.st_ctim.tv_sec} * 1'000'000'000 + info.st_ctim.tv_nsec};
}

// The sets in one folder; what has no name of a set is somebody else's.
std::map<std::string, LabelSetStore::Found> SetsIn(const fs::path& folder, bool shipped) {
  std::map<std::string, LabelSetStore::Found> sets;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const fs::path& file = it->path();
    const std::string name = file.stem().string();
    if (file.extension() != kSetSuffix || !CheckLabelSetName(name)) continue;
    if (const auto stamp = StampOf(file))
      sets.emplace(name, LabelSetStore::Found{.name = name, .file = file, .shipped = shipped, .stamp = *stamp});
  }
  return sets;
}

// The text that a matrix begins with: it is compared as a whole, so there is nothing to parse.
std::string HeaderOf(const LabelSetStore::MatrixKey& key) {
  return fmt::format("hailo-clip label matrix 1: {} x {} binary16, model {}, texts {}\n", key.rows, key.dimension,
                     key.fingerprint, key.digest);
}

std::string_view BytesOf(std::span<const std::uint16_t> halves) {
  return {reinterpret_cast<const char*>(halves.data()), halves.size_bytes()};
}

bool ReadInto(std::ifstream& file, std::span<char> bytes) {
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file.gcount() == static_cast<std::streamsize>(bytes.size());
}

std::unexpected<Error> CannotWrite(const fs::path& folder, std::string_view why) {
  return Fail(ErrorCode::kUnavailable,
              "label sets cannot be kept: {}; make {} writable for the service, or name another folder in "
              "label_sets.dir",
              why, folder.string());
}

}  // namespace

LabelSetStore::Folders LabelSetStore::DefaultFolders(const fs::path& configured, const fs::path& program_share) {
  Folders folders{.own = configured, .shipped = program_share / "label-sets"};
  if (folders.own.empty()) folders.own = UserDataFolder().value_or("/var/lib/hailo-clip") / "label-sets";
  return folders;
}

std::vector<LabelSetStore::Found> LabelSetStore::List() const {
  std::map<std::string, Found> sets = SetsIn(folders_.own, false);
  sets.merge(SetsIn(folders_.shipped, true));
  std::vector<Found> list;
  for (auto& [name, found] : sets) list.push_back(std::move(found));
  return list;
}

Result<LabelSetStore::Found> LabelSetStore::Find(std::string_view name) const {
  HC_TRY(CheckLabelSetName(name));
  for (const auto& [folder, shipped] : {std::pair(&folders_.own, false), std::pair(&folders_.shipped, true)}) {
    const fs::path file = *folder / fmt::format("{}{}", name, kSetSuffix);
    if (const auto stamp = StampOf(file))
      return Found{.name = std::string(name), .file = file, .shipped = shipped, .stamp = *stamp};
  }
  constexpr std::size_t kMostNamed = 50;
  std::vector<std::string> names;
  for (Found& found : List()) names.push_back(std::move(found.name));
  const bool more = names.size() > kMostNamed;
  if (more) names.resize(kMostNamed);
  return Fail(ErrorCode::kNotFound, "there is no label set '{}'; there are: {}{}", name, fmt::join(names, ", "),
              more ? ", ..." : "");
}

Result<LabelSet> LabelSetStore::Read(const Found& found) const {
  Result<std::string> text = ReadFile(found.file, kMaxBytes);
  if (!text) return Fail(ErrorCode::kUnavailable, "{}", text.error().message);
  Result<LabelSet> set = ParseLabelSet(*text);
  if (!set)
    return Fail(ErrorCode::kUnavailable, "the label set in {} cannot be used: {}; correct or remove the file",
                found.file.string(), set.error().message);
  return set;
}

Status LabelSetStore::CheckRoom(std::string_view name, std::size_t bytes) const {
  std::map<std::string, Found> sets = SetsIn(folders_.own, false);
  sets.erase(std::string(name));
  if (sets.size() >= kMaxSets)
    return Fail(ErrorCode::kTooLarge, "there are {} label sets already, the most there may be; delete some", kMaxSets);
  for (const auto& [other, found] : sets) bytes += static_cast<std::size_t>(found.stamp.size);
  if (bytes <= kMaxBytes) return {};
  return Fail(ErrorCode::kTooLarge, "all label sets together would have {} bytes, more than {}; delete some", bytes,
              kMaxBytes);
}

Result<bool> LabelSetStore::Write(std::string_view name, const LabelSet& set) {
  HC_TRY(CheckLabelSetName(name));
  HC_TRY(CheckLabelSet(set));
  const std::string text = FormatLabelSet(set);
  const std::lock_guard lock(mutex_);
  HC_TRY(CheckRoom(name, text.size()));
  std::error_code error;
  fs::create_directories(folders_.own, error);
  if (error) return CannotWrite(folders_.own, error.message());
  const fs::path file = folders_.own / fmt::format("{}{}", name, kSetSuffix);
  const bool is_new = !StampOf(file).has_value();
  if (const Status written = WriteFileAtomically(file, text); !written)
    return CannotWrite(folders_.own, written.error().message);
  return is_new;
}

Status LabelSetStore::Remove(std::string_view name) {
  HC_ASSIGN(const Found found, Find(name));
  if (found.shipped)
    return Fail(ErrorCode::kInvalidArgument,
                "the label set '{}' comes with the program and cannot be removed; one of yours with its name hides it",
                name);
  const std::lock_guard lock(mutex_);
  std::error_code error;
  fs::remove(found.file, error);
  if (error) return CannotWrite(folders_.own, error.message());
  RemoveMatrices(name);
  return {};
}

void LabelSetStore::RemoveMatrices(std::string_view name) const {
  const std::string prefix = fmt::format("{}.", name);  // names of sets have no dots
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(CompiledFolder(), error), end; !error && it != end; it.increment(error))
    if (it->path().filename().string().starts_with(prefix)) files.push_back(it->path());
  for (const fs::path& file : files) fs::remove(file, error);
}

fs::path LabelSetStore::MatrixFile(const MatrixKey& key) const {
  return CompiledFolder() / fmt::format("{}.{}.matrix", key.name, key.model);
}

bool LabelSetStore::HasMatrix(const MatrixKey& key) const {
  const std::string expected = HeaderOf(key);
  std::ifstream file(MatrixFile(key), std::ios::binary);
  std::string header(expected.size(), '\0');
  return ReadInto(file, header) && header == expected;
}

Result<LabelMatrix> LabelSetStore::ReadMatrix(const MatrixKey& key) const {
  if (!HasMatrix(key)) return Fail(ErrorCode::kNotFound, "no matrix was compiled for this set and model");
  const fs::path path = MatrixFile(key);
  const std::string expected = HeaderOf(key);
  LabelMatrix matrix{.embeddings = HalfMatrix(key.rows, key.dimension), .truncated = {}};
  const std::size_t bytes = matrix.embeddings.bytes();
  std::ifstream file(path, std::ios::binary);
  std::string header(expected.size(), '\0'), truncated(key.rows, '\0'), hash(kHashBytes, '\0');
  char* data = reinterpret_cast<char*>(matrix.embeddings.halves().data());
  const bool whole = ReadInto(file, header) && ReadInto(file, std::span(data, bytes)) && ReadInto(file, truncated) &&
                     ReadInto(file, hash) && file.peek() == std::ifstream::traits_type::eof();
  Sha256 actual;
  for (const std::string_view part :
       {std::string_view(header), std::string_view(data, bytes), std::string_view(truncated)})
    actual.Update(part);
  if (!whole || actual.Hex() != hash || header != expected)
    return Fail(ErrorCode::kBadModel, "{} is damaged", path.string());
  for (const char flag : truncated) matrix.truncated.push_back(flag == '1');
  return matrix;
}

Status LabelSetStore::WriteMatrix(const MatrixKey& key, const LabelMatrix& matrix) {
  const std::string header = HeaderOf(key);
  std::string truncated;
  for (const bool flag : matrix.truncated) truncated += flag ? '1' : '0';
  const std::string_view halves = BytesOf(matrix.embeddings.halves());
  Sha256 hash;
  for (const std::string_view part : {std::string_view(header), halves, std::string_view(truncated)}) hash.Update(part);
  const std::string hex = hash.Hex();

  const std::lock_guard lock(mutex_);
  std::error_code error;
  fs::create_directories(CompiledFolder(), error);
  if (error) return CannotWrite(CompiledFolder(), error.message());
  std::size_t bytes = halves.size();
  for (fs::directory_iterator it(CompiledFolder(), error), end; !error && it != end; it.increment(error)) {
    std::error_code unreadable;
    const std::uintmax_t size = it->path() == MatrixFile(key) ? 0 : it->file_size(unreadable);
    if (!unreadable) bytes += static_cast<std::size_t>(size);
  }
  if (bytes > kMaxMatrixBytes)
    return Fail(ErrorCode::kTooLarge, "all compiled label sets together would have {} bytes, more than {}", bytes,
                kMaxMatrixBytes);
  const std::string_view parts[] = {header, halves, truncated, hex};
  return WriteFileAtomically(MatrixFile(key), parts);
}

}  // namespace hailo_clip
