#include "model/store.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "base/file.h"
#include "base/sha256.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDefaultFile = ".default";
constexpr std::size_t kMaxDefaultBytes = 256;
constexpr std::string_view kSystemFolder = "/var/lib/hailo-clip/models";

std::string EnvironmentValue(const char* name) {
  const char* value = ::secure_getenv(name);
  return value == nullptr ? "" : value;
}

Result<InstalledModel> LoadModel(const fs::path& folder) {
  const std::string name = folder.filename().string();
  if (const Status valid = ValidateModelName(name); !valid.has_value())
    return FailWithin(fmt::format("the folder '{}'", name), valid.error());
  std::error_code error;
  if (!fs::exists(folder / kManifestFile, error))
    return Fail(ErrorCode::kBadModel, "{} has no {}; a folder as it was published needs `hailo-clip models import`",
                folder.string(), kManifestFile);
  const Result<std::string> text = ReadFile(folder / kManifestFile, kMaxManifestBytes);
  if (!text.has_value()) return Fail(ErrorCode::kBadModel, "{}", text.error().message);
  Result<Manifest> manifest = ParseManifest(*text);
  if (!manifest.has_value()) return FailWithin(folder.string(), std::move(manifest).error());
  if (!EqualModelNames(manifest->name, name))
    return Fail(ErrorCode::kBadModel, "{}: its {} says 'name: {}'; the folder and the name must be equal",
                folder.string(), kManifestFile, manifest->name);
  std::string fingerprint = Fingerprint(*manifest);
  return InstalledModel{std::move(*manifest), folder, std::move(fingerprint)};
}

// Visible folders inside `folder`, sorted. Nothing if it does not exist.
Result<std::vector<fs::path>> Subfolders(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  if (!fs::exists(folder, error) && !error) return found;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (!it->path().filename().string().starts_with('.') && it->is_directory(ignored)) found.push_back(it->path());
  }
  if (error) return Fail(ErrorCode::kUnavailable, "cannot read the folder {}: {}", folder.string(), error.message());
  std::ranges::sort(found);
  return found;
}

std::string JoinPaths(const std::vector<fs::path>& paths) {
  std::vector<std::string> texts;
  texts.reserve(paths.size());
  for (const fs::path& path : paths) texts.push_back(path.string());
  return fmt::format("{}", fmt::join(texts, ", "));
}

bool HasEncodersFor(const Manifest& manifest, std::string_view backend) {
  if (backend.empty()) return true;
  const auto files = manifest.encoders.find(std::string(backend));
  return files != manifest.encoders.end() && files->second.image.has_value() && files->second.text.has_value();
}

}  // namespace

// The XDG base directory specification: a relative XDG_DATA_HOME is to be ignored.
std::optional<fs::path> UserDataFolder() {
  if (const fs::path data = EnvironmentValue("XDG_DATA_HOME"); data.is_absolute()) return data / "hailo-clip";
  if (const fs::path home = EnvironmentValue("HOME"); home.is_absolute()) return home / ".local/share/hailo-clip";
  return std::nullopt;
}

std::vector<fs::path> ModelStore::DefaultFolders(const std::vector<fs::path>& configured,
                                                 const fs::path& program_share) {
  std::vector<fs::path> wanted = configured;
  if (const std::optional<fs::path> user = UserDataFolder(); user.has_value()) wanted.push_back(*user / "models");
  wanted.emplace_back(kSystemFolder);
  wanted.push_back(program_share / "models");
  std::vector<fs::path> folders;
  for (const fs::path& path : wanted) {
    const fs::path folder = path.lexically_normal();
    if (std::ranges::find(folders, folder) == folders.end()) folders.push_back(folder);
  }
  return folders;
}

StoreListing ModelStore::List() const {
  StoreListing listing;
  for (const fs::path& folder : folders_) {
    Result<std::vector<fs::path>> subfolders = Subfolders(folder);
    if (!subfolders.has_value()) {
      listing.broken.push_back({folder, std::move(subfolders).error()});
      continue;
    }
    for (const fs::path& path : *subfolders) {
      Result<InstalledModel> model = LoadModel(path);
      if (!model.has_value()) {
        listing.broken.push_back({path, std::move(model).error()});
        continue;
      }
      const bool shadowed = std::ranges::any_of(listing.models, [&](const InstalledModel& earlier) {
        return EqualModelNames(earlier.manifest.name, model->manifest.name);
      });
      if (!shadowed) listing.models.push_back(std::move(*model));
    }
  }
  return listing;
}

Result<InstalledModel> ModelStore::Find(std::string_view name) const {
  HC_TRY(ValidateModelName(name));
  for (const fs::path& folder : folders_) {
    const Result<std::vector<fs::path>> subfolders = Subfolders(folder);
    if (!subfolders.has_value()) continue;
    for (const fs::path& path : *subfolders)
      if (EqualModelNames(path.filename().string(), name)) return LoadModel(path);
  }
  std::vector<std::string> names;
  for (const InstalledModel& model : List().models) names.push_back(model.manifest.name);
  return Fail(ErrorCode::kNotFound, "no model named '{}' is installed; installed: {}", name,
              names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
}

std::optional<ModelStore::Default> ModelStore::FindDefault() const {
  for (const fs::path& folder : folders_) {
    const Result<std::string> text = ReadFile(folder / kDefaultFile, kMaxDefaultBytes);
    if (!text.has_value()) continue;
    const std::string name = text->substr(0, text->find_first_of("\r\n"));
    if (!name.empty()) return Default{.name = name, .file = folder / kDefaultFile};
  }
  return std::nullopt;
}

Status ModelStore::SetDefault(std::string_view name) const {
  if (name.empty()) {
    while (const auto chosen = FindDefault()) {
      std::error_code error;
      fs::remove(chosen->file, error);
      if (error) return Fail(ErrorCode::kUnavailable, "cannot remove {}: {}", chosen->file.string(), error.message());
    }
    return {};
  }
  HC_ASSIGN(const InstalledModel model, Find(name));
  HC_ASSIGN(const fs::path folder, WritableFolder());
  HC_TRY(WriteFileAtomically(folder / kDefaultFile, model.manifest.name + "\n"));
  if (const auto counts = FindDefault(); counts->file != folder / kDefaultFile)
    return Fail(ErrorCode::kUnavailable, "{} says '{}' and counts first, but cannot be written to",
                counts->file.string(), counts->name);
  return {};
}

Result<InstalledModel> ModelStore::FindBest(std::string_view backend) const {
  if (const auto chosen = FindDefault()) {
    auto model = Find(chosen->name);
    if (!model.has_value())
      return FailWithin(fmt::format("{} chooses '{}' (`models default` sets it)", chosen->file.string(), chosen->name),
                        std::move(model).error());
    return model;
  }
  StoreListing listing = List();
  InstalledModel* best = nullptr;
  InstalledModel* starter = nullptr;
  fs::file_time_type newest{};
  for (InstalledModel& model : listing.models) {
    if (!HasEncodersFor(model.manifest, backend)) continue;
    if (EqualModelNames(model.manifest.name, kStarterModel)) {
      starter = &model;
      continue;
    }
    std::error_code error;
    const fs::file_time_type time = fs::last_write_time(model.folder / kManifestFile, error);
    if (error || (best != nullptr && time <= newest)) continue;
    best = &model;
    newest = time;
  }
  if (best == nullptr) best = starter;
  if (best != nullptr) return std::move(*best);
  const std::string broken =
      listing.broken.empty() ? "" : fmt::format("; not usable: {}", listing.broken.front().error.message);
  return Fail(ErrorCode::kNotFound, "no model{} is installed in {}{}",
              backend.empty() ? "" : fmt::format(" for the backend '{}'", backend), JoinPaths(folders_), broken);
}

Result<fs::path> ModelStore::WritableFolder() const {
  for (const fs::path& folder : folders_) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (!error && ::access(folder.c_str(), W_OK | X_OK) == 0) return folder;
  }
  return Fail(ErrorCode::kUnavailable, "no folder for models can be written to: {}", JoinPaths(folders_));
}

Status VerifyFiles(const InstalledModel& model) {
  for (const auto& [file, recorded] : FilesOf(model.manifest)) {
    const fs::path path = model.folder / file;
    std::error_code error;
    if (!fs::is_regular_file(path, error))
      return Fail(ErrorCode::kBadModel, "model '{}': the file {} is missing; import the model again",
                  model.manifest.name, path.string());
    const Result<std::string> actual = Sha256HexOfFile(path);
    if (!actual.has_value()) return Fail(ErrorCode::kBadModel, "{}", actual.error().message);
    if (*actual != recorded)
      return Fail(ErrorCode::kBadModel,
                  "model '{}': {} is not the file that was imported (sha256 {}, recorded {}); import the model again",
                  model.manifest.name, path.string(), *actual, recorded);
  }
  return {};
}

}  // namespace hailo_clip
