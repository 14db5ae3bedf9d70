#include "engine/label_sets.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "engine/scoring.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kTextsAtOnce = 64;          // another request's texts wait for so many at most
constexpr std::chrono::seconds kPatience{2};      // of a request with a deadline: its place is not held longer
constexpr std::chrono::milliseconds kPause{100};  // when the encoder's queue is full

LabelSetStore::MatrixKey KeyOf(const std::string& name, const LabelSet& set, const LoadedModel& model) {
  return {.name = name,
          .model = model.manifest().name,
          .fingerprint = model.fingerprint(),
          .digest = TextsDigest(set),
          .rows = set.labels.size(),
          .dimension = static_cast<std::size_t>(model.manifest().embedding_dimension)};
}

// The tokens of some labels, encoded together.
struct Portion {
  std::vector<std::size_t> texts_of;  // how many texts each label has
  std::vector<std::vector<std::int32_t>> tokens;
};

// One row a label: the mean of its texts' embeddings, of unit length again.
void StoreRows(const Portion& portion, const std::vector<std::vector<float>>& embeddings, std::size_t first,
               HalfMatrix& rows) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < portion.texts_of.size(); ++i) {
    MeanEmbedding mean(rows.dimension());
    for (std::size_t t = 0; t < portion.texts_of[i]; ++t) mean.Add(embeddings[next++]);
    rows.SetRow(first + i, std::move(mean).Take());
  }
}

}  // namespace

struct LabelSets::Entry {
  LabelSetStore::Found found;
  std::shared_ptr<LoadedModel> model;  // until it is compiled
  CompileState state = CompileState::kCompiling;
  Error error;  // of kFailed
  std::shared_ptr<const CompiledLabels> compiled;
  std::uint64_t last_used = 0;
  std::atomic<std::size_t> labels_done = 0;
  std::atomic<bool> abandoned = false;  // the file was replaced
};

LabelSets::LabelSets(LabelSetStore::Folders folders, std::size_t max_memory, const Logger& logger, const Clock& clock)
    : store_(std::move(folders)),
      max_memory_(max_memory),
      logger_(logger),
      clock_(clock),
      worker_([this](const std::stop_token& stop) { Run(stop); }) {}

LabelSets::~LabelSets() = default;

std::shared_ptr<LabelSets::Entry> LabelSets::Request(const LabelSetStore::Found& found,
                                                     const std::shared_ptr<LoadedModel>& model) {
  std::shared_ptr<Entry>& slot = entries_[{found.name, model->fingerprint()}];
  if (slot == nullptr || slot->found.stamp != found.stamp || slot->state == CompileState::kFailed) {
    if (slot != nullptr) slot->abandoned = true;
    slot = std::make_shared<Entry>();
    slot->found = found;
    slot->model = model;
    queue_.push_back(slot);
    changed_.notify_all();
  }
  slot->last_used = ++uses_;
  return slot;
}

void LabelSets::Prepare(const LabelSetStore::Found& found, const std::shared_ptr<LoadedModel>& model) {
  const std::lock_guard lock(mutex_);
  static_cast<void>(Request(found, model));
}

Status LabelSets::Remove(std::string_view name) {
  HC_TRY(store_.Remove(name));
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [name](const auto& item) {
    if (item.first.first != name) return false;
    item.second->abandoned = true;
    return true;
  });
  return {};
}

Result<std::shared_ptr<const CompiledLabels>> LabelSets::Use(std::string_view name,
                                                             const std::shared_ptr<LoadedModel>& model,
                                                             const RequestContext& context) {
  const bool patient = context.deadline == SteadyTime::max();
  const SteadyTime give_up = patient ? context.deadline : std::min(context.deadline, clock_.Now() + kPatience);
  for (;;) {
    HC_ASSIGN(const LabelSetStore::Found found, store_.Find(name));
    std::unique_lock lock(mutex_);
    const std::shared_ptr<Entry> entry = Request(found, model);
    const auto ended = [&] { return entry->state != CompileState::kCompiling; };
    if (patient)
      changed_.wait(lock, context.cancelled, ended);
    else
      changed_.wait_until(lock, context.cancelled, give_up, ended);
    if (entry->state == CompileState::kCompiled) return entry->compiled;
    if (context.cancelled.stop_requested()) return Fail(ErrorCode::kCancelled, "the client is gone");
    if (entry->state == CompileState::kCompiling)
      return Fail(ErrorCode::kUnavailable,
                  "the label set '{}' is being compiled, {} of its labels are done; try again later, GET "
                  "/v1/label-sets/{} shows the progress",
                  name, entry->labels_done.load(), name);
    if (!entry->abandoned) return std::unexpected(entry->error);
  }
}

CompileProgress LabelSets::ProgressOf(const Entry& entry) {
  CompileProgress progress{
      .state = entry.state, .labels_done = entry.labels_done, .error = entry.error.message, .truncated = {}};
  if (entry.compiled == nullptr) return progress;
  const std::vector<bool>& truncated = entry.compiled->matrix.truncated;
  for (std::size_t i = 0; i < truncated.size(); ++i)
    if (truncated[i]) progress.truncated.push_back(i);
  return progress;
}

CompileProgress LabelSets::Progress(const LabelSetStore::Found& found, const LabelSet& set,
                                    const LoadedModel& model) const {
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find({found.name, model.fingerprint()});
    if (entry != entries_.end() && entry->second->found.stamp == found.stamp) return ProgressOf(*entry->second);
  }
  const bool on_disk = store_.HasMatrix(KeyOf(found.name, set, model));
  return {.state = on_disk ? CompileState::kCompiled : CompileState::kNotCompiled};
}

void LabelSets::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !queue_.empty(); })) {
    const std::shared_ptr<Entry> entry = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    auto compiled = Obtain(*entry, stop);
    lock.lock();
    entry->model.reset();
    if (compiled.has_value()) {
      entry->compiled = *std::move(compiled);
      entry->state = CompileState::kCompiled;
      KeepWithinMemory(*entry);
    } else {
      entry->error = std::move(compiled).error();
      entry->state = CompileState::kFailed;
    }
    changed_.notify_all();
  }
}

Result<std::shared_ptr<const CompiledLabels>> LabelSets::Obtain(Entry& entry, const std::stop_token& stop) {
  if (entry.abandoned) return Fail(ErrorCode::kCancelled, "the label set was replaced");
  const std::string& name = entry.found.name;
  const SteadyTime start = clock_.Now();
  HC_ASSIGN(LabelSet set, store_.Read(entry.found));
  const LabelSetStore::MatrixKey key = KeyOf(name, set, *entry.model);
  auto matrix = store_.ReadMatrix(key);
  if (!matrix.has_value()) {
    if (matrix.error().code != ErrorCode::kNotFound)
      logger_.Warning("a label set is compiled again", {{"label_set", name}, {"reason", matrix.error().message}});
    matrix = Compile(entry, set, stop);
    if (!matrix.has_value()) return std::unexpected(std::move(matrix).error());
    if (const Status kept = store_.WriteMatrix(key, *matrix); !kept.has_value())
      logger_.Warning("a compiled label set is kept in memory only",
                      {{"label_set", name}, {"reason", kept.error().message}});
    logger_.Info("label set compiled", {{"label_set", name},
                                        {"labels", set.labels.size()},
                                        {"model", entry.model->manifest().name},
                                        {"ms", MillisecondsBetween(start, clock_.Now())}});
  }
  CoarseMatrix coarse = CoarseMatrix::Of(matrix->embeddings);
  return std::make_shared<const CompiledLabels>(CompiledLabels{std::move(set), *std::move(matrix), std::move(coarse)});
}

Result<LabelMatrix> LabelSets::Compile(Entry& entry, const LabelSet& set, const std::stop_token& stop) {
  LoadedModel& model = *entry.model;
  if (!model.has_texts())
    return Fail(ErrorCode::kNotFound, "model '{}' has no text encoder: it cannot be used with label sets",
                model.manifest().name);
  LabelMatrix matrix{
      .embeddings = HalfMatrix(set.labels.size(), static_cast<std::size_t>(model.manifest().embedding_dimension)),
      .truncated = std::vector<bool>(set.labels.size())};
  for (std::size_t first = 0; first < set.labels.size();) {
    Portion portion;
    while (first + portion.texts_of.size() < set.labels.size() && portion.tokens.size() < kTextsAtOnce) {
      const std::size_t label = first + portion.texts_of.size();
      const std::vector<std::string> texts = TextsOf(set, label);
      for (const std::string& text : texts) {
        Tokens tokens = model.Tokenize(text);
        if (tokens.truncated) matrix.truncated[label] = true;
        portion.tokens.push_back(std::move(tokens.ids));
      }
      portion.texts_of.push_back(texts.size());
    }
    auto embeddings = model.EncodeTokens(portion.tokens, {.cancelled = stop, .priority = Priority::kBulk});
    if (entry.abandoned) return Fail(ErrorCode::kCancelled, "the label set was replaced");
    if (!embeddings.has_value()) {
      if (embeddings.error().code != ErrorCode::kBusy) return std::unexpected(std::move(embeddings).error());
      std::this_thread::sleep_for(kPause);  // others go first
      continue;
    }
    StoreRows(portion, *embeddings, first, matrix.embeddings);
    first += portion.texts_of.size();
    entry.labels_done = first;
  }
  return matrix;
}

void LabelSets::KeepWithinMemory(const Entry& newest) {
  for (;;) {
    std::size_t bytes = 0;
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->second->compiled == nullptr) continue;
      bytes += it->second->compiled->bytes() + static_cast<std::size_t>(it->second->found.stamp.size);
      if (it->second.get() == &newest) continue;
      if (oldest == entries_.end() || it->second->last_used < oldest->second->last_used) oldest = it;
    }
    if (bytes <= max_memory_ || oldest == entries_.end()) return;
    entries_.erase(oldest);
  }
}

}  // namespace hailo_clip
