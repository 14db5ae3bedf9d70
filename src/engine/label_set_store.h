// Label sets on disk: what people wrote, and the matrices that were compiled from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/half_matrix.h"
#include "engine/label_set.h"

namespace hailo_clip {

// A set's labels as a model embeds them: row i is label i, of unit length.
struct LabelMatrix {
  HalfMatrix embeddings;
  std::vector<bool> truncated;  // labels of which a text was cut to the context length
};

// Looks on disk at each call, so what the command line or another process did is seen at once. `own` holds
// NAME.json and, under compiled/, NAME.MODEL.matrix; `shipped` holds NAME.json and is never written to. A set in `own`
// hides a shipped one of the same name. Files appear whole or not at all. Thread-safe.
class LabelSetStore {
 public:
  struct Folders {
    std::filesystem::path own;
    std::filesystem::path shipped;
  };

  static constexpr std::size_t kMaxSets = 1'000;
  static constexpr std::size_t kMaxBytes = std::size_t{256} << 20U;          // of all own sets, without matrices
  static constexpr std::size_t kMaxMatrixBytes = std::size_t{2'048} << 20U;  // of all matrices

  // `configured`, else label-sets/ in the user's data folder or in /var/lib/hailo-clip.
  [[nodiscard]] static Folders DefaultFolders(const std::filesystem::path& configured,
                                              const std::filesystem::path& program_share);

  explicit LabelSetStore(Folders folders) : folders_(std::move(folders)) {}

  // Differs whenever the file was replaced.
  struct Stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Found {
    std::string name;
    std::filesystem::path file;
    bool shipped = false;
    Stamp stamp;
  };

  [[nodiscard]] std::vector<Found> List() const;  // by name
  // kInvalidArgument for a name that is none; kNotFound lists those that exist.
  [[nodiscard]] Result<Found> Find(std::string_view name) const;
  // kUnavailable if the file cannot be read or is damaged: it says what to do.
  [[nodiscard]] Result<LabelSet> Read(const Found& found) const;

  // Returns true if there was no set of that name in `own`. kUnavailable if nothing can be written there; kTooLarge
  // over the limits above.
  [[nodiscard]] Result<bool> Write(std::string_view name, const LabelSet& set);
  // Also its matrices. kInvalidArgument for one that is shipped.
  [[nodiscard]] Status Remove(std::string_view name);

  // Which matrix is wanted: all of it must agree with what the file was written for.
  struct MatrixKey {
    std::string name;         // of the set
    std::string model;        // its name
    std::string fingerprint;  // of the model
    std::string digest;       // TextsDigest of the set
    std::size_t rows = 0, dimension = 0;
  };
  // kNotFound if there is none for that key; kBadModel if its bytes are not those that were written.
  [[nodiscard]] Result<LabelMatrix> ReadMatrix(const MatrixKey& key) const;
  [[nodiscard]] Status WriteMatrix(const MatrixKey& key, const LabelMatrix& matrix);
  // Whether there is one for that key; its bytes are not verified.
  [[nodiscard]] bool HasMatrix(const MatrixKey& key) const;

 private:
  [[nodiscard]] std::filesystem::path CompiledFolder() const { return folders_.own / "compiled"; }
  [[nodiscard]] std::filesystem::path MatrixFile(const MatrixKey& key) const;
  void RemoveMatrices(std::string_view name) const;
  [[nodiscard]] Status CheckRoom(std::string_view name, std::size_t bytes) const;

  const Folders folders_;
  std::mutex mutex_;  // of those who write: the limits hold for all together
};

}  // namespace hailo_clip
