// Label sets compiled for models: each once, however many ask for it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/coarse_matrix.h"
#include "engine/label_set_store.h"
#include "engine/loaded_model.h"
#include "engine/request_context.h"

namespace hailo_clip {

// Never changed once it is made; whoever holds it may use it, even after the set was replaced.
struct CompiledLabels {
  LabelSet set;
  LabelMatrix matrix;
  CoarseMatrix coarse;  // of matrix.embeddings

  [[nodiscard]] std::size_t bytes() const { return matrix.embeddings.bytes() + coarse.bytes(); }
};

enum class CompileState { kNotCompiled, kCompiling, kCompiled, kFailed };

struct CompileProgress {
  CompileState state = CompileState::kNotCompiled;
  std::size_t labels_done = 0;         // while kCompiling
  std::string error;                   // of kFailed; the next use tries again
  std::vector<std::size_t> truncated;  // labels of which a text was cut; known while the set is in memory
};

// One thread compiles, one set at a time and a few texts at a time, so that requests are served meanwhile; the text
// cache is left alone. What was compiled is kept on disk and in memory, there at most `max_memory` bytes: the sets that
// were used the longest time ago are then read again when they are needed. Nothing is written but a new matrix.
// Thread-safe.
class LabelSets {
 public:
  LabelSets(LabelSetStore::Folders folders, std::size_t max_memory, const Logger& logger, const Clock& clock);
  ~LabelSets();  // a compilation under way is given up
  LabelSets(const LabelSets&) = delete;
  LabelSets& operator=(const LabelSets&) = delete;

  [[nodiscard]] LabelSetStore& store() { return store_; }
  [[nodiscard]] const LabelSetStore& store() const { return store_; }

  // Compiles the set if that was not done; who has a deadline waits for it 2 seconds at most, then gets kUnavailable
  // with how far it is.
  // kInvalidArgument and kNotFound as LabelSetStore::Find.
  [[nodiscard]] Result<std::shared_ptr<const CompiledLabels>> Use(std::string_view name,
                                                                  const std::shared_ptr<LoadedModel>& model,
                                                                  const RequestContext& context);
  [[nodiscard]] Status Remove(std::string_view name);  // as LabelSetStore::Remove

  // Begins to compile it, if that was not done, and does not wait.
  void Prepare(const LabelSetStore::Found& found, const std::shared_ptr<LoadedModel>& model);

  [[nodiscard]] CompileProgress Progress(const LabelSetStore::Found& found, const LabelSet& set,
                                         const LoadedModel& model) const;

 private:
  struct Entry;                                          // one set for one model
  using EntryKey = std::pair<std::string, std::string>;  // set, model's fingerprint

  // The entry for what is on disk now, queued if it is new or has failed. Needs mutex_.
  [[nodiscard]] std::shared_ptr<Entry> Request(const LabelSetStore::Found& found,
                                               const std::shared_ptr<LoadedModel>& model);
  [[nodiscard]] static CompileProgress ProgressOf(const Entry& entry);  // needs mutex_
  void Run(const std::stop_token& stop);
  [[nodiscard]] Result<std::shared_ptr<const CompiledLabels>> Obtain(Entry& entry, const std::stop_token& stop);
  [[nodiscard]] Result<LabelMatrix> Compile(Entry& entry, const LabelSet& set, const std::stop_token& stop);
  void KeepWithinMemory(const Entry& newest);  // needs mutex_

  LabelSetStore store_;
  const std::size_t max_memory_;
  const Logger& logger_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<EntryKey, std::shared_ptr<Entry>> entries_;
  std::deque<std::shared_ptr<Entry>> queue_;
  std::uint64_t uses_ = 0;
  std::jthread worker_;  // last: it uses all of the above
};

}  // namespace hailo_clip
