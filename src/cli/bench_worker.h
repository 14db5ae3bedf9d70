// Measures one model in a process of its own, so that what it adds to the memory is its own too.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "config/config.h"
#include "model/store.h"

namespace hailo_clip {

// What loading a model took: from its files to the first embedding of each side.
struct LoadFigures {
  double load_ms = 0;
  std::uint64_t anonymous_bytes = 0;  // added to the process: memory of its own,
  std::uint64_t file_bytes = 0;       // and pages of files, which others share and the system can drop
  int best_batch = 1;
  bool has_texts = false;
  std::string image_precision;
  std::string text_precision;
};

// One round, each the median of a few runs, of the encoder alone (no decoding, no queue).
struct RoundFigures {
  double image_ms = 0;        // a batch of one
  double image_batch_ms = 0;  // a whole batch of best_batch
  double text_ms = 0;         // one short prompt; 0 without texts
};

// Unit embeddings of the self-test's pictures and texts, each computed alone.
struct BenchEmbeddings {
  std::vector<std::vector<float>> images;
  std::vector<std::vector<float>> texts;
};

// A forked process with one model, which waits for what it is asked. The parent must be single-threaded when it starts
// one. Every question is kInternal if the process has died, else it fails with what the model says. Not thread-safe.
class BenchWorker {
 public:
  // nullptr in the forked process, once the parent needs it no more: it must end then.
  [[nodiscard]] static Result<std::unique_ptr<BenchWorker>> Start(const Config& config, const InstalledModel& model);
  BenchWorker(const BenchWorker&) = delete;
  BenchWorker& operator=(const BenchWorker&) = delete;
  ~BenchWorker();  // ends the process and waits for it

  // In a forked sibling: the process is somebody else's child.
  void Forget() { process_ = -1; }

  [[nodiscard]] Result<LoadFigures> Load();
  [[nodiscard]] Result<RoundFigures> Round();
  [[nodiscard]] Result<BenchEmbeddings> Embed();

 private:
  BenchWorker(int channel, pid_t process, std::string name)
      : channel_(channel), process_(process), name_(std::move(name)) {}

  // The answer, words with spaces between.
  [[nodiscard]] Result<std::istringstream> Ask(char question);

  FileDescriptor channel_;
  pid_t process_;
  std::string name_;
};

}  // namespace hailo_clip
