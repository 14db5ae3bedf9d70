#include "engine/loaded_model.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "engine/embedding_run.h"
#include "engine/scoring.h"
#include "model/verified_files.h"

namespace hailo_clip {
namespace {

// A request with thousands of texts goes in portions: another one that waits for one of them gets it when its portion
// is done, and the encoder's queue has room for others.
constexpr std::size_t kTextPortion = 128;

Status NormalizeAll(std::vector<std::vector<float>>& embeddings) {
  for (std::vector<float>& embedding : embeddings)
    if (!NormalizeToUnitLength(embedding))
      return Fail(ErrorCode::kInternal, "the model gave an embedding that is not finite or zero");
  return {};
}

}  // namespace

Result<std::unique_ptr<LoadedModel>> LoadedModel::Load(const InstalledModel& model, std::unique_ptr<Backend> backend,
                                                       EmbeddingCache& texts, const Clock& clock,
                                                       const EngineMetrics* metrics) {
  HC_TRY(VerifyChangedFiles(model));
  std::unique_ptr<LoadedModel> loaded(new LoadedModel(model, texts));
  loaded->backend_ = std::move(backend);
  const auto metrics_of = [&](std::string_view encoder) {
    return metrics != nullptr ? metrics->Encoder(model.manifest.name, encoder) : EncoderMetrics{};
  };
  HC_ASSIGN(auto image, loaded->backend_->CreateEncoder(EncoderKind::kImage, model.manifest, model.folder));
  loaded->image_encoder_ = std::make_unique<Batcher>(std::move(image), QueueLimits{}, clock, metrics_of("image"));
  if (model.manifest.text.tokenizer.files.empty()) return loaded;
  HC_ASSIGN(loaded->tokenizer_, CreateTokenizer(model.manifest.text.tokenizer, model.folder));
  HC_ASSIGN(auto text, loaded->backend_->CreateEncoder(EncoderKind::kText, model.manifest, model.folder));
  loaded->text_encoder_ = std::make_unique<Batcher>(std::move(text), QueueLimits{}, clock, metrics_of("text"));
  return loaded;
}

std::unique_ptr<EncodeCall> LoadedModel::StartImages(const RequestContext& context) {
  return std::make_unique<EncodeCall>(*image_encoder_, context);
}

Result<std::vector<std::vector<float>>> LoadedModel::FinishImages(EncodeCall& call) const {
  HC_ASSIGN(auto embeddings, call.Wait());
  HC_TRY(NormalizeAll(embeddings));
  return embeddings;
}

std::chrono::milliseconds LoadedModel::StalledFor() const {
  const std::chrono::milliseconds image = image_encoder_->StalledFor();
  return has_texts() ? std::max(image, text_encoder_->StalledFor()) : image;
}

Status LoadedModel::CheckHasTexts() const {
  if (has_texts()) return {};
  return Fail(ErrorCode::kNotFound, "model '{}' has no text encoder: it embeds pictures only", manifest_.name);
}

std::uintmax_t LoadedModel::encoder_bytes() const {
  std::uintmax_t bytes = 0;
  for (const auto& [file, sha256] : FilesOf(manifest_)) {
    std::error_code missing;
    const std::uintmax_t size = std::filesystem::file_size(folder_ / file, missing);
    if (!missing && !manifest_.tokenizer_sha256.contains(file)) bytes += size;
  }
  return bytes;
}

Tokens LoadedModel::Tokenize(std::string_view text) const {
  return tokenizer_->Encode(text, manifest_.text.context_length);
}

Result<std::vector<std::vector<float>>> LoadedModel::EncodeTokens(std::vector<std::vector<std::int32_t>> tokens,
                                                                  const RequestContext& context) {
  HC_TRY(CheckHasTexts());
  std::vector<EncoderInput> inputs;
  for (std::vector<std::int32_t>& ids : tokens) inputs.emplace_back(std::move(ids));
  HC_ASSIGN(auto embeddings, text_encoder_->Encode(std::move(inputs), context));
  HC_TRY(NormalizeAll(embeddings));
  return embeddings;
}

Result<EncodedTexts> LoadedModel::EncodeTexts(std::span<const std::string> texts, const RequestContext& context) {
  HC_TRY(CheckHasTexts());
  EncodedTexts result;
  std::vector<Tokens> tokens;
  tokens.reserve(texts.size());
  for (const std::string& text : texts) {
    tokens.push_back(Tokenize(text));
    result.truncated.push_back(tokens.back().truncated);
    result.tokens += tokens.back().ids.size();
  }
  // Texts of about one length make batches with little padding.
  std::vector<std::size_t> order(texts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return tokens[i].ids.size(); });

  result.embeddings.resize(texts.size());
  result.cached.resize(texts.size());
  for (std::size_t first = 0; first < order.size(); first += kTextPortion) {
    const auto portion = std::span(order).subspan(first, std::min(kTextPortion, order.size() - first));
    HC_TRY(EncodePortion(tokens, portion, context, result));
  }
  return result;
}

Status LoadedModel::EncodePortion(std::span<const Tokens> tokens, std::span<const std::size_t> which,
                                  const RequestContext& context, EncodedTexts& result) {
  std::vector<EncoderInput> unknown;
  const auto submit = [&](std::size_t i) -> Status {
    unknown.emplace_back(tokens[which[i]].ids);
    return {};
  };
  const auto collect = [&]() -> Result<std::vector<std::vector<float>>> {
    HC_ASSIGN(auto embeddings, text_encoder_->Encode(std::exchange(unknown, {}), context));
    HC_TRY(NormalizeAll(embeddings));
    return embeddings;
  };
  EmbeddingRun run(texts_, context, submit, collect);
  run.Reserve(which.size());
  for (const std::size_t i : which) HC_TRY(run.Add(CacheKey(fingerprint_, std::as_bytes(std::span(tokens[i].ids)))));
  HC_ASSIGN(auto embeddings, run.Finish());
  for (std::size_t i = 0; i < which.size(); ++i) {
    result.embeddings[which[i]] = std::move(embeddings[i]);
    result.cached[which[i]] = run.cached(i);
  }
  return {};
}

}  // namespace hailo_clip
