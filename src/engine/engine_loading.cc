// The part of the engine that brings models into service: choosing, opening, warming up, testing; and the health.
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "backend/registry.h"
#include "engine/engine.h"
#include "engine/loaded_model.h"
#include "engine/self_test.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kShortFingerprint = std::string_view("sha256:").size() + 16;

BackendOptions OptionsOfBackend(const Config& config) {
  return {.device = config.clip.device,
          .threads = config.performance.encoder_threads,
          .batch_size = config.clip.batch_size,
          .device_timeout_ms = config.clip.device_timeout_ms,
          .map_weights = config.performance.map_weights,
          .simulated_device = config.clip.simulated_device};
}

ModelIdentity Identify(const LoadedModel& model, std::optional<std::string> requested) {
  return {.name = model.manifest().name,
          .fingerprint = model.fingerprint().substr(0, kShortFingerprint),
          .backend = model.image_info().backend,
          .dimension = model.manifest().embedding_dimension,
          .simulated = model.image_info().simulated,
          .requested_model = std::move(requested)};
}

}  // namespace

Result<InstalledModel> Engine::ChooseModel(std::optional<std::string>& stands_in_for) const {
  const ClipConfig& clip = options_.config.clip;
  if (clip.model == "auto") return store_.FindBest(ModelsForBackend(clip.backend));
  auto model = store_.Find(clip.model);
  if (model.has_value() || model.error().code != ErrorCode::kNotFound) return model;
  if (clip.if_missing == IfMissing::kFail) {
    model.error().message +=
        "; install it with 'hailo-clip models import DIR --name NAME', choose another with clip.model, or set "
        "clip.if_missing: starter to serve the starter model meanwhile";
    return model;
  }
  logger_.Warning("the configured model is not installed; the starter serves in its place",
                  {{"model", clip.model}, {"serving", kStarterModel}});
  stands_in_for = clip.model;
  return store_.Find(kStarterModel);
}

void Engine::WarnOfConfiguration(const Manifest& manifest) const {
  const ClipConfig& clip = options_.config.clip;
  const auto warn = [&](std::string_view key, double configured, double actual) {
    logger_.Warning("the configuration differs from the model; the model's value counts",
                    {{"key", key}, {"configured", configured}, {"model", actual}});
  };
  if (clip.embedding_dimension.has_value() && *clip.embedding_dimension != manifest.embedding_dimension)
    warn("clip.embedding_dimension", *clip.embedding_dimension, manifest.embedding_dimension);
  if (clip.image_size.has_value() && *clip.image_size != manifest.image.crop_size)
    warn("clip.image_size", *clip.image_size, manifest.image.crop_size);
  if (clip.logit_scale.has_value() && std::abs(*clip.logit_scale - manifest.scoring.logit_scale) > 1e-3)
    warn("clip.logit_scale", *clip.logit_scale, manifest.scoring.logit_scale);
}

Status Engine::WarmUp(LoadedModel& model) const {
  const PerformanceConfig& performance = options_.config.performance;
  for (int i = 0; performance.warmup_enabled && i < performance.warmup_iterations; ++i) {
    HC_ASSIGN(const RgbImage card, TestCard(TestCardNames().front()));
    const auto call = model.StartImages({});
    HC_TRY(call->Add(PreparePixels(card, model.manifest().image).pixels));
    HC_ASSIGN(const auto image, model.FinishImages(*call));
    if (!model.has_texts()) continue;
    HC_ASSIGN(const auto text, model.EncodeTokens({model.Tokenize(SelfTestTexts().front()).ids}, {}));
  }
  return {};
}

Result<ServedModel> Engine::Open(const InstalledModel& installed, std::optional<std::string> stands_in_for) const {
  HC_ASSIGN(auto backend, CreateBackend(options_.config.clip.backend, OptionsOfBackend(options_.config), logger_));
  HC_ASSIGN(std::shared_ptr<LoadedModel> model,
            LoadedModel::Load(installed, std::move(backend), texts_, clock_, &metrics_));
  ::malloc_trim(0);  // loading leaves the file's bytes and the unfolded weights on the heap
  HC_TRY(WarmUp(*model));
  ModelIdentity identity = Identify(*model, std::move(stands_in_for));
  return ServedModel{std::move(model), std::move(identity)};
}

Result<ServedModel> Engine::LoadMain() const {
  std::optional<std::string> stands_in_for;
  HC_ASSIGN(const InstalledModel installed, ChooseModel(stands_in_for));
  WarnOfConfiguration(installed.manifest);
  return Open(installed, std::move(stands_in_for));
}

Status Engine::Load() {
  const SteadyTime start = clock_.Now();
  auto serving = LoadMain();
  if (!serving.has_value()) {
    const std::lock_guard lock(mutex_);
    health_ = {.state = HealthState::kUnhealthy, .reason = serving.error().message};
    return std::unexpected(serving.error());
  }
  {
    const std::lock_guard lock(mutex_);
    model_ = serving->model;
    health_.model = serving->identity;
  }
  others_.Exclude(serving->identity.name);
  HC_TRY(RunSelfTest());
  const EncoderInfo& image = serving->model->image_info();
  logger_.Info("model ready", {{"model", serving->identity.name},
                               {"fingerprint", serving->identity.fingerprint},
                               {"backend", image.backend},
                               {"device", image.device},
                               {"dimension", image.dimension},
                               {"self_test_min_cosine", *health().self_test_min_cosine},
                               {"ms", MillisecondsBetween(start, clock_.Now())}});
  if (options_.config.text_embedding.mode == TextMode::kPrecomputed) PrepareLabelSets();
  others_.LoadAll();
  return {};
}

Status Engine::RunSelfTest() {
  std::shared_ptr<LoadedModel> model;
  {
    const std::lock_guard lock(mutex_);
    model = model_;
  }
  if (model == nullptr) return Fail(ErrorCode::kUnavailable, "no model is loaded");
  const auto smallest = hailo_clip::RunSelfTest(*model);
  const std::lock_guard lock(mutex_);
  health_.self_test_passed = smallest.has_value();
  health_.state = smallest.has_value() ? HealthState::kHealthy : HealthState::kUnhealthy;
  health_.reason = smallest.has_value() ? "" : smallest.error().message;
  if (!smallest.has_value()) return std::unexpected(smallest.error());
  health_.self_test_min_cosine = *smallest;
  return {};
}

std::chrono::milliseconds Engine::StalledFor() const {
  std::shared_ptr<LoadedModel> model;
  {
    const std::lock_guard lock(mutex_);
    model = model_;
  }
  const std::chrono::milliseconds others = others_.StalledFor();
  return model == nullptr ? others : std::max(model->StalledFor(), others);
}

Health Engine::health() const {
  std::vector<PooledModel> others = others_.models();
  const std::lock_guard lock(mutex_);
  Health health = health_;
  health.others = std::move(others);
  return health;
}

}  // namespace hailo_clip
