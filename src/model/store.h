// Which models are installed, and where.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace hailo_clip {

inline constexpr std::string_view kStarterModel = "starter";

// $XDG_DATA_HOME/hailo-clip, else ~/.local/share/hailo-clip; nullopt without either.
[[nodiscard]] std::optional<std::filesystem::path> UserDataFolder();

struct InstalledModel {
  Manifest manifest;
  std::filesystem::path folder;
  std::string fingerprint;
};

// A model folder that cannot be used, and why.
struct BrokenModel {
  std::filesystem::path folder;
  Error error;
};

struct StoreListing {
  std::vector<InstalledModel>
      models;  // in the order of the folders searched, then by name; a name once, the first wins
  std::vector<BrokenModel> broken;
};

// Looks on disk at each call, so what was imported is seen at once. A model is a folder whose name is the name in its
// manifest; names compare without regard to case. Hidden folders (imports that have not ended) and files are not
// looked at; every other folder is a model or is reported as broken. Thread-safe.
class ModelStore {
 public:
  // Folders are searched in order; those that do not exist are skipped.
  explicit ModelStore(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

  // API.md section 5: `configured`, $XDG_DATA_HOME/hailo-clip/models, /var/lib/hailo-clip/models,
  // `program_share`/models.
  [[nodiscard]] static std::vector<std::filesystem::path> DefaultFolders(
      const std::vector<std::filesystem::path>& configured, const std::filesystem::path& program_share);

  [[nodiscard]] StoreListing List() const;
  // kNotFound with the names that are installed; kBadModel if the folder is there but its manifest is not usable.
  [[nodiscard]] Result<InstalledModel> Find(std::string_view name) const;
  // The model that `models default` chose: the name in the first of the folders that has one.
  struct Default {
    std::string name;
    std::filesystem::path file;  // that says so
  };
  [[nodiscard]] std::optional<Default> FindDefault() const;
  // Chooses `name` for `auto` from now on; an empty name takes the choice back. kNotFound if it is not installed.
  [[nodiscard]] Status SetDefault(std::string_view name) const;
  // `auto`: the model that `models default` chose (kNotFound if it is gone); else the most recently imported usable
  // model (by the time of its manifest) that is not the starter, else the starter. With a backend's name only models
  // that have both encoders for it count. kNotFound says where was looked.
  [[nodiscard]] Result<InstalledModel> FindBest(std::string_view backend = {}) const;
  // The first folder that can be written to (made if missing): where imports go.
  [[nodiscard]] Result<std::filesystem::path> WritableFolder() const;

  [[nodiscard]] const std::vector<std::filesystem::path>& folders() const { return folders_; }

 private:
  std::vector<std::filesystem::path> folders_;
};

// Hashes every file that the manifest names; kBadModel names the first that is missing or differs.
[[nodiscard]] Status VerifyFiles(const InstalledModel& model);

}  // namespace hailo_clip
