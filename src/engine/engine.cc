#include "engine/engine.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/loaded_model.h"
#include "engine/self_test.h"
#include "text/prompt_template.h"

namespace hailo_clip {
namespace {

// "images[2]: " when there are several, so that the caller finds the bad one.
std::unexpected<Error> FailAt(std::string_view list, std::size_t index, std::size_t count, Error error) {
  if (count == 1) return std::unexpected(std::move(error));
  return FailWithin(fmt::format("{}[{}]", list, index), std::move(error));
}

EmbeddingCache::Limits TextLimits(const TextEmbeddingConfig& config) {
  return {.entries = config.cache_enabled ? config.cache_max_entries : 0,
          .bytes = std::numeric_limits<std::size_t>::max()};
}

}  // namespace

Engine::Engine(Options options, const Logger& logger, const Clock& clock)
    : options_(std::move(options)),
      logger_(logger),
      clock_(clock),
      store_(options_.model_folders),
      metrics_(*options_.registry),
      texts_(TextLimits(options_.config.text_embedding), metrics_.Cache("text")),
      pictures_({.entries = std::numeric_limits<std::size_t>::max(), .bytes = options_.config.image.cache_max_bytes},
                metrics_.Cache("image")),
      decode_turns_(options_.config.performance.worker_threads),
      others_(
          options_.config.models.load, options_.config.models.max_memory,
          [this](const std::string& name) -> Result<ServedModel> {
            HC_ASSIGN(const InstalledModel installed, store_.Find(name));
            HC_ASSIGN(ServedModel served, Open(installed, {}));
            HC_TRY(hailo_clip::RunSelfTest(*served.model));
            return served;
          },
          logger_, clock_),
      label_sets_(options_.label_set_folders, options_.config.label_sets.max_memory, logger_, clock_) {}

Engine::~Engine() = default;

Result<ServedModel> Engine::Main() const {
  const std::lock_guard lock(mutex_);
  if (health_.state == HealthState::kHealthy) return ServedModel{model_, *health_.model};
  if (health_.state == HealthState::kStarting)
    return Fail(ErrorCode::kUnavailable, "the model is still loading; try again in a few seconds");
  return Fail(ErrorCode::kUnavailable, "the model does not work: {}", health_.reason);
}

Result<ServedModel> Engine::Select(std::string_view model, const RequestContext& context) {
  HC_ASSIGN(const ServedModel main, Main());
  if (model.empty() || model == main.identity.name || model == main.identity.requested_model) return main;
  if (others_.Has(model)) return others_.Use(model, context);
  std::vector<std::string> names;
  for (const ModelIdentity& served : ServedModels()) names.push_back(served.name);
  return Fail(ErrorCode::kNotFound, "model '{}' is not served; this service serves: {} (models.load adds more)", model,
              fmt::join(names, ", "));
}

std::vector<ModelIdentity> Engine::ServedModels() const {
  const auto main = Main();
  if (!main.has_value()) return {};
  std::vector<ModelIdentity> models = {main->identity};
  for (PooledModel& other : others_.models()) {
    if (other.identity.name.empty()) other.identity.name = other.name;
    models.push_back(std::move(other.identity));
  }
  return models;
}

Result<PreparedPicture> Engine::Prepare(std::span<const std::byte> bytes, const PreprocessSpec& spec,
                                        const RequestContext& context) {
  const StageTimer timer(metrics_.Of(Stage::kDecode), clock_);
  HC_ASSIGN(const DecodeTurns::Turn turn, decode_turns_.Take(context));
  const Config& config = options_.config;
  const DecodeOptions decode{
      .max_bytes = config.server.max_body_bytes,
      .max_pixels = config.image.max_pixels,
      .max_time = std::chrono::milliseconds(config.image.decode_timeout_ms),
      .apply_orientation = config.image.apply_orientation,
      .alpha = config.image.transparency == Transparency::kDrop ? AlphaMode::kDrop : AlphaMode::kOverWhite,
      .gray16 = config.image.gray16 == Gray16::kClip ? Gray16Mode::kClip : Gray16Mode::kHighByte,
      .scaled_jpeg = config.image.jpeg_scaling == JpegScaling::kFast};
  return PreparePicture(bytes, spec, decode);
}

std::unique_ptr<PictureRun> Engine::StartPictures(LoadedModel& model, const RequestContext& context) {
  return std::make_unique<PictureRun>(model, pictures_, context, [&](std::span<const std::byte> bytes) {
    return Prepare(bytes, model.manifest().image, context);
  });
}

Result<EmbeddingList> Engine::EmbedImages(std::string_view model, std::span<const std::span<const std::byte>> pictures,
                                          const RequestContext& context) {
  HC_ASSIGN(const ServedModel serving, Select(model, context));
  EmbeddingList list{.model = serving.identity};
  const auto run = StartPictures(*serving.model, context);
  for (std::size_t i = 0; i < pictures.size(); ++i)
    if (Status added = run->Add(pictures[i]); !added.has_value())
      return FailAt("images", i, pictures.size(), std::move(added).error());
  const StageTimer timer(metrics_.Of(Stage::kEncodeImage), clock_);
  HC_ASSIGN(const auto embeddings, run->Finish());
  for (std::size_t i = 0; i < embeddings.size(); ++i) {
    list.embeddings.push_back(*embeddings[i]);
    if (run->cached(i)) ++list.cached;
  }
  return list;
}

Result<EmbeddingList> Engine::EmbedTexts(std::string_view model, std::span<const std::string> texts,
                                         const RequestContext& context) {
  HC_ASSIGN(const ServedModel serving, Select(model, context));
  const StageTimer timer(metrics_.Of(Stage::kEncodeText), clock_);
  HC_ASSIGN(const EncodedTexts encoded, serving.model->EncodeTexts(texts, context));
  EmbeddingList list{.model = serving.identity};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    list.embeddings.push_back(*encoded.embeddings[i]);
    if (encoded.truncated[i]) list.truncated.push_back(i);
    if (encoded.cached[i]) ++list.cached;
  }
  list.tokens = encoded.tokens;
  return list;
}

Result<EncodedTexts> Engine::EncodePrompts(LoadedModel& model, const ClassifyRequest& request,
                                           const RequestContext& context) const {
  const StageTimer timer(metrics_.Of(Stage::kEncodeText), clock_);
  if (request.templates.empty()) return model.EncodeTexts(request.prompts, context);
  const std::size_t count = request.templates.size();
  std::vector<std::string> texts;
  for (const std::string& prompt : request.prompts)
    for (const std::string& text : request.templates) texts.push_back(FillTemplate(text, prompt));
  HC_ASSIGN(EncodedTexts filled, model.EncodeTexts(texts, context));
  EncodedTexts averaged{.tokens = filled.tokens};
  for (std::size_t i = 0; i < request.prompts.size(); ++i) {
    const auto of_prompt = [&](auto& list) {
      return std::pair(list.begin() + i * count, list.begin() + (i + 1) * count);
    };
    MeanEmbedding mean(filled.embeddings.front()->size());
    for (const SharedEmbedding& embedding : std::span(filled.embeddings).subspan(i * count, count))
      mean.Add(*embedding);
    averaged.embeddings.push_back(std::make_shared<const std::vector<float>>(std::move(mean).Take()));
    const auto [truncated, truncated_end] = of_prompt(filled.truncated);
    averaged.truncated.push_back(std::find(truncated, truncated_end, true) != truncated_end);
    const auto [cached, cached_end] = of_prompt(filled.cached);
    averaged.cached.push_back(std::find(cached, cached_end, false) == cached_end);
  }
  return averaged;
}

ScoringOptions Engine::ScoringOf(const LoadedModel& model, const ClassifyRequest& request) const {
  return {.model = model.manifest().scoring,
          .apply_activation = request.apply_softmax.value_or(options_.config.clip.apply_softmax),
          .top_k = request.top_k,
          .threshold = request.threshold,
          .reject_below = request.reject_below};
}

Result<Classification> Engine::Classify(const ClassifyRequest& request, const RequestContext& context) {
  if (!request.label_set.empty()) {
    HC_ASSIGN(const EncodedPrompts labels, StartMany(request, context));
    return ClassifyOne(request, labels, request.image, context);
  }
  HC_ASSIGN(const ServedModel serving, Select(request.model, context));
  const auto run = StartPictures(*serving.model, context);
  HC_TRY(run->Add(request.image));  // is encoded while the prompts are looked up and encoded
  HC_ASSIGN(const EncodedTexts prompts, EncodePrompts(*serving.model, request, context));
  HC_ASSIGN(const SharedEmbedding image, FinishOne(*run));
  Classification answer = Rank(serving, request, prompts, *image);
  answer.image_cached = run->cached(0);
  return answer;
}

Result<EncodedPrompts> Engine::StartMany(const ClassifyRequest& request, const RequestContext& context) {
  HC_ASSIGN(ServedModel serving, Select(request.model, context));
  if (!request.label_set.empty()) {
    HC_ASSIGN(auto labels, label_sets_.Use(request.label_set, serving.model, context));
    return EncodedPrompts{.serving = std::move(serving), .texts = nullptr, .label_set = std::move(labels)};
  }
  HC_ASSIGN(EncodedTexts texts, EncodePrompts(*serving.model, request, context));
  return EncodedPrompts{.serving = std::move(serving),
                        .texts = std::make_shared<const EncodedTexts>(std::move(texts)),
                        .label_set = nullptr};
}

Result<Classification> Engine::ClassifyOne(const ClassifyRequest& request, const EncodedPrompts& prompts,
                                           std::span<const std::byte> picture, const RequestContext& context) {
  const auto run = StartPictures(*prompts.serving.model, context);
  HC_TRY(run->Add(picture));
  HC_ASSIGN(const SharedEmbedding image, FinishOne(*run));
  Classification answer = prompts.label_set != nullptr ? RankLabels(prompts.serving, request, prompts.label_set, *image)
                                                       : Rank(prompts.serving, request, *prompts.texts, *image);
  answer.image_cached = run->cached(0);
  return answer;
}

Result<SharedEmbedding> Engine::FinishOne(PictureRun& run) const {
  const StageTimer timer(metrics_.Of(Stage::kEncodeImage), clock_);
  HC_ASSIGN(const auto images, run.Finish());
  return images.front();
}

std::size_t Engine::PicturesAtOnce() const {
  const auto decoders = static_cast<std::size_t>(options_.config.performance.worker_threads);
  const auto main = Main();
  if (!main.has_value()) return decoders;
  constexpr std::size_t kMost = 64;  // threads
  const EncoderInfo& encoder = main->model->image_info();
  return std::min(
      kMost, decoders + static_cast<std::size_t>(encoder.best_batch) * static_cast<std::size_t>(encoder.max_in_flight));
}

Classification Engine::Rank(const ServedModel& serving, const ClassifyRequest& request, const EncodedTexts& prompts,
                            std::span<const float> image) const {
  const StageTimer timer(metrics_.Of(Stage::kScore), clock_);
  std::vector<float> cosines;
  cosines.reserve(prompts.embeddings.size());
  for (const SharedEmbedding& prompt : prompts.embeddings) cosines.push_back(DotProduct(image, *prompt));
  Ranking ranking = RankPrompts(cosines, ScoringOf(*serving.model, request));
  Classification answer{.model = serving.identity,
                        .ranked = std::move(ranking.ranked),
                        .margin = ranking.margin,
                        .none_of_these = ranking.none_of_these};
  for (std::size_t i = 0; i < request.prompts.size(); ++i) {
    if (prompts.truncated[i]) answer.truncated.push_back(i);
    if (prompts.cached[i]) ++answer.prompts_cached;
  }
  return answer;
}

}  // namespace hailo_clip
