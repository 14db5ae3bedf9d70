// Zero-shot classification and embeddings over one model: what http/ and cli/ call.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "config/config.h"
#include "engine/decode_turns.h"
#include "engine/embedding_cache.h"
#include "engine/label_sets.h"
#include "engine/metrics.h"
#include "engine/model_identity.h"
#include "engine/model_pool.h"
#include "engine/picture_run.h"
#include "engine/request_context.h"
#include "engine/scoring.h"
#include "image/preprocess.h"
#include "model/store.h"

namespace hailo_clip {

struct EmbeddingList {
  ModelIdentity model;
  std::vector<std::vector<float>> embeddings;  // each of unit length, in the order asked
  std::vector<std::size_t> truncated;          // texts cut to the context length
  std::size_t cached = 0;                      // how many came from the cache
  std::size_t tokens = 0;                      // texts only: ids that were fed, start and end included
};

struct ClassifyRequest {
  std::string model;                 // empty: the main model
  std::span<const std::byte> image;  // the bytes of a picture file
  std::vector<std::string> prompts;  // checked by the caller: 1..1,000, none empty; none with a label set
  std::string label_set;             // the name of one; empty: `prompts` count
  int top_k = 3;
  std::optional<double> threshold;     // drops scores below it; nullopt: none. See API_SPEC for when it applies
  std::vector<std::string> templates;  // empty: prompts as they are
  std::optional<double> reject_below;  // cosine; like `threshold`, nullopt means that of the label set
  std::optional<bool> apply_softmax;   // nullopt: the configuration's
};

struct Classification {
  ModelIdentity model;
  std::shared_ptr<const CompiledLabels> label_set;  // that was asked for; nullptr: prompts
  std::vector<RankedPrompt> ranked;                 // by score, ties by index; at most top_k
  std::optional<double> margin;                     // rank 1 minus rank 2 over all prompts; nullopt for one prompt
  bool none_of_these = false;
  std::vector<std::size_t> truncated;  // indexes of prompts (not labels) cut to the context length, ascending
  bool image_cached = false;
  std::size_t prompts_cached = 0;  // all labels of a set

  // What RankedPrompt::index counts.
  [[nodiscard]] const std::vector<std::string>& TextsOf(const ClassifyRequest& request) const {
    return label_set != nullptr ? label_set->set.labels : request.prompts;
  }
};

// A label set and how far the main model is with it.
struct LabelSetInfo {
  std::string name;
  LabelSet set;
  bool shipped = false;
  CompileProgress progress;
  std::optional<ModelIdentity> model;  // once loaded
};

// Prompts that are encoded, or a compiled label set, to be asked of any number of pictures. Holds its model in memory.
struct EncodedPrompts {
  ServedModel serving;
  std::shared_ptr<const EncodedTexts> texts;        // nullptr with a label set
  std::shared_ptr<const CompiledLabels> label_set;  // nullptr with prompts
};

enum class HealthState { kStarting, kHealthy, kUnhealthy };

struct Health {
  HealthState state = HealthState::kStarting;
  std::string reason;                  // why not healthy; what to do
  std::optional<ModelIdentity> model;  // once loaded
  std::optional<double> self_test_min_cosine;
  bool self_test_passed = false;
  std::vector<PooledModel> others;  // of models.load
};

// Serves one main model (clip.model), which decides the health, and those of models.load, which requests may name.
// Thread-safe. Calls block until the answer is there, the deadline passes or the request is cancelled.
class Engine {
 public:
  struct Options {
    Config config;
    std::vector<std::filesystem::path> model_folders;
    LabelSetStore::Folders label_set_folders;
    // Takes what the engine counts.
    std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  };

  // `logger` and `clock` outlive the engine.
  Engine(Options options, const Logger& logger, const Clock& clock);
  ~Engine();  // drains the encoders, releases the device
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Finds the main model, loads it, warms up, runs the self-test: the health is kStarting until then, kHealthy or
  // kUnhealthy afterwards. Then loads those of models.load, whose failures are logged and stand in the health. Call
  // once, from any thread.
  [[nodiscard]] Status Load();

  // The golden self-test again, through the real backend; updates the health.
  [[nodiscard]] Status RunSelfTest();

  [[nodiscard]] Health health() const;

  // How long the encoder that is worst off has had work without beginning or ending a batch.
  [[nodiscard]] std::chrono::milliseconds StalledFor() const;

  // kUnavailable while not healthy, kNotFound with the names that are served for any other `model` (empty: the main
  // one; also clip.model if the starter stands in for it). One bad picture or text fails the call; the message names
  // its index when there are several ("images[2]: ...").
  [[nodiscard]] Result<EmbeddingList> EmbedImages(std::string_view model,
                                                  std::span<const std::span<const std::byte>> pictures,
                                                  const RequestContext& context);
  [[nodiscard]] Result<EmbeddingList> EmbedTexts(std::string_view model, std::span<const std::string> texts,
                                                 const RequestContext& context);
  [[nodiscard]] Result<Classification> Classify(const ClassifyRequest& request, const RequestContext& context);

  // For many pictures and one set of prompts: these are encoded by StartMany, once; then ClassifyOne may be called with
  // the same request for each picture, from any number of threads. `request.image` is not looked at.
  [[nodiscard]] Result<EncodedPrompts> StartMany(const ClassifyRequest& request, const RequestContext& context);
  [[nodiscard]] Result<Classification> ClassifyOne(const ClassifyRequest& request, const EncodedPrompts& prompts,
                                                   std::span<const std::byte> picture, const RequestContext& context);
  // How many calls with one picture each, at a time, keep the decoders and the main model's encoder busy; at most 64.
  [[nodiscard]] std::size_t PicturesAtOnce() const;

  [[nodiscard]] const EngineMetrics& metrics() const { return metrics_; }
  [[nodiscard]] const EmbeddingCache& text_cache() const { return texts_; }
  [[nodiscard]] const EmbeddingCache& picture_cache() const { return pictures_; }

  // Label sets (engine_label_sets.cc). They may be written before a model is loaded; errors as LabelSetStore has them.
  // True if there was none of that name; the main model then begins to compile it.
  [[nodiscard]] Result<bool> PutLabelSet(std::string_view name, const LabelSet& set);
  [[nodiscard]] Result<LabelSetInfo> ShowLabelSet(std::string_view name) const;
  // By name; a file that cannot be used is logged and left out.
  [[nodiscard]] std::vector<LabelSetInfo> ListLabelSets() const;
  [[nodiscard]] Status RemoveLabelSet(std::string_view name);

  // The models that requests may name now, the main one first; none while not healthy.
  [[nodiscard]] std::vector<ModelIdentity> ServedModels() const;

 private:
  [[nodiscard]] Result<InstalledModel> ChooseModel(std::optional<std::string>& stands_in_for) const;
  [[nodiscard]] Result<ServedModel> LoadMain() const;
  // Opens and warms up; the self-test is the caller's.
  [[nodiscard]] Result<ServedModel> Open(const InstalledModel& installed,
                                         std::optional<std::string> stands_in_for) const;
  void WarnOfConfiguration(const Manifest& manifest) const;
  [[nodiscard]] Status WarmUp(LoadedModel& model) const;
  [[nodiscard]] Result<ServedModel> Main() const;
  [[nodiscard]] Result<ServedModel> Select(std::string_view model, const RequestContext& context);
  // Decodes with at most performance.worker_threads pictures at a time; waits for its turn until the deadline.
  [[nodiscard]] Result<PreparedPicture> Prepare(std::span<const std::byte> bytes, const PreprocessSpec& spec,
                                                const RequestContext& context);
  [[nodiscard]] std::unique_ptr<PictureRun> StartPictures(LoadedModel& model, const RequestContext& context);
  [[nodiscard]] ScoringOptions ScoringOf(const LoadedModel& model, const ClassifyRequest& request) const;
  [[nodiscard]] LabelSetInfo Inform(const LabelSetStore::Found& found, LabelSet set) const;
  void PrepareLabelSets();  // all of them, for the main model
  [[nodiscard]] Result<EncodedTexts> EncodePrompts(LoadedModel& model, const ClassifyRequest& request,
                                                   const RequestContext& context) const;
  [[nodiscard]] Result<SharedEmbedding> FinishOne(PictureRun& run) const;
  [[nodiscard]] Classification Rank(const ServedModel& serving, const ClassifyRequest& request,
                                    const EncodedTexts& prompts, std::span<const float> image) const;
  [[nodiscard]] Classification RankLabels(const ServedModel& serving, const ClassifyRequest& request,
                                          std::shared_ptr<const CompiledLabels> labels,
                                          std::span<const float> image) const;

  const Options options_;
  const Logger& logger_;
  const Clock& clock_;
  const ModelStore store_;
  EngineMetrics metrics_;
  mutable EmbeddingCache texts_;
  EmbeddingCache pictures_;
  DecodeTurns decode_turns_;
  mutable std::mutex mutex_;  // guards health_ and model_
  Health health_;
  std::shared_ptr<LoadedModel> model_;  // set once healthy or unhealthy; its identity is health_.model
  ModelPool others_;
  LabelSets label_sets_;  // last: it uses models
};

}  // namespace hailo_clip
