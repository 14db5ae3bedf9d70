// Zero-shot classification and embeddings over one model: what http/ and cli/ call.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "config/config.h"
#include "engine/request_context.h"
#include "engine/scoring.h"
#include "engine/text_cache.h"
#include "image/preprocess.h"
#include "model/store.h"

namespace hailo_clip {

// The model and backend that produced an answer; every answer names them.
struct ModelIdentity {
  std::string name;
  std::string fingerprint;  // "sha256:<16 hex>"
  std::string backend;      // really used: "onnx-cpu"
  int dimension = 0;
  std::optional<std::string> requested_model;  // clip.model, if the starter serves in its place (clip.if_missing)
};

struct EmbeddingList {
  ModelIdentity model;
  std::vector<std::vector<float>> embeddings;  // each of unit length, in the order asked
  std::vector<std::size_t> truncated;          // texts cut to the context length
  std::size_t cached = 0;                      // how many came from the cache
  std::size_t tokens = 0;                      // texts only: ids that were fed, start and end included
  int source_width = 0;                        // pictures only: of the last one, after orientation
  int source_height = 0;
};

struct ClassifyRequest {
  std::span<const std::byte> image;  // the bytes of a picture file
  std::vector<std::string> prompts;  // checked by the caller: 1..1,000, none empty
  int top_k = 3;
  std::optional<double> threshold;     // drops scores below it; nullopt: none. See API_SPEC for when it applies
  std::vector<std::string> templates;  // empty: prompts as they are
  std::optional<double> reject_below;  // cosine
  std::optional<bool> apply_softmax;   // nullopt: the configuration's
};

struct Classification {
  ModelIdentity model;
  std::vector<RankedPrompt> ranked;  // by score, ties by index; at most top_k
  std::optional<double> margin;      // rank 1 minus rank 2 over all prompts; nullopt for one prompt
  bool none_of_these = false;
  std::vector<std::size_t> truncated;  // indexes of prompts cut to the context length, ascending
  bool image_cached = false;
  std::size_t prompts_cached = 0;
};

enum class HealthState { kStarting, kHealthy, kUnhealthy };

struct Health {
  HealthState state = HealthState::kStarting;
  std::string reason;                  // why not healthy; what to do
  std::optional<ModelIdentity> model;  // once loaded
  std::optional<double> self_test_min_cosine;
  bool self_test_passed = false;
};

class LoadedModel;
struct EncodedTexts;

// Thread-safe. Calls block until the answer is there, the deadline passes or the request is cancelled.
class Engine {
 public:
  struct Options {
    Config config;
    std::vector<std::filesystem::path> model_folders;
  };

  Engine(Options options, const Logger& logger, const Clock& clock);
  ~Engine();  // drains the encoders, releases the device
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Finds the model, loads it, warms up, runs the self-test. Health is kStarting until it returns; afterwards
  // kHealthy or kUnhealthy. Call once, from any thread.
  [[nodiscard]] Status Load();

  // The golden self-test again, through the real backend; updates the health.
  [[nodiscard]] Status RunSelfTest();

  [[nodiscard]] Health health() const;

  // kUnavailable while not healthy. One bad picture or text fails the call; the message names its index when there
  // are several ("images[2]: ...").
  [[nodiscard]] Result<EmbeddingList> EmbedImages(std::span<const std::span<const std::byte>> pictures,
                                                  const RequestContext& context);
  [[nodiscard]] Result<EmbeddingList> EmbedTexts(std::span<const std::string> texts, const RequestContext& context);
  [[nodiscard]] Result<Classification> Classify(const ClassifyRequest& request, const RequestContext& context);

  // The names a request's `model` field may have: the loaded model's, and clip.model if the starter stands in for it.
  // kNotFound otherwise. An empty name is the loaded model.
  [[nodiscard]] Status CheckModelName(std::string_view name) const;

 private:
  struct Serving;  // the loaded model and the identity that answers carry

  [[nodiscard]] Result<InstalledModel> ChooseModel(std::optional<std::string>& stands_in_for) const;
  [[nodiscard]] Result<Serving> LoadServing() const;
  void WarnOfConfiguration(const Manifest& manifest) const;
  [[nodiscard]] Status WarmUp(LoadedModel& model) const;
  [[nodiscard]] Result<Serving> Ready() const;
  // Decodes with at most performance.worker_threads pictures at a time; waits for its turn until the deadline.
  [[nodiscard]] Result<PreparedPicture> Prepare(std::span<const std::byte> bytes, const PreprocessSpec& spec,
                                                const RequestContext& context);
  [[nodiscard]] Result<EncodedTexts> EncodePrompts(LoadedModel& model, const ClassifyRequest& request,
                                                   const RequestContext& context) const;

  const Options options_;
  const Logger& logger_;
  const Clock& clock_;
  const ModelStore store_;
  mutable TextCache text_cache_;
  std::counting_semaphore<> decoders_;
  mutable std::mutex mutex_;  // guards health_ and model_
  Health health_;
  std::shared_ptr<LoadedModel> model_;  // set once healthy or unhealthy; its identity is health_.model
};

}  // namespace hailo_clip
