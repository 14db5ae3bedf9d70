#include "engine/loaded_model.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "engine/scoring.h"
#include "model/verified_files.h"

namespace hailo_clip {
namespace {

// Texts go to the queue in portions, so that one request with thousands of them leaves room for others.
constexpr std::size_t kTextPortion = 256;

Status NormalizeAll(std::vector<std::vector<float>>& embeddings) {
  for (std::vector<float>& embedding : embeddings)
    if (!NormalizeToUnitLength(embedding))
      return Fail(ErrorCode::kInternal, "the model gave an embedding that is not finite or zero");
  return {};
}

}  // namespace

Result<std::unique_ptr<LoadedModel>> LoadedModel::Load(const InstalledModel& model, std::unique_ptr<Backend> backend,
                                                       TextCache& cache, const Clock& clock,
                                                       std::size_t max_queued_inputs) {
  HC_TRY(VerifyChangedFiles(model));
  std::unique_ptr<LoadedModel> loaded(new LoadedModel(model, cache));
  loaded->backend_ = std::move(backend);
  HC_ASSIGN(auto image, loaded->backend_->CreateEncoder(EncoderKind::kImage, model.manifest, model.folder));
  loaded->image_encoder_ = std::make_unique<Batcher>(std::move(image), max_queued_inputs, clock);
  if (model.manifest.text.tokenizer.files.empty()) return loaded;
  HC_ASSIGN(loaded->tokenizer_, CreateTokenizer(model.manifest.text.tokenizer, model.folder));
  HC_ASSIGN(auto text, loaded->backend_->CreateEncoder(EncoderKind::kText, model.manifest, model.folder));
  loaded->text_encoder_ = std::make_unique<Batcher>(std::move(text), max_queued_inputs, clock);
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

Status LoadedModel::CheckHasTexts() const {
  if (has_texts()) return {};
  return Fail(ErrorCode::kNotFound, "model '{}' has no text encoder: it embeds pictures only", manifest_.name);
}

Tokens LoadedModel::Tokenize(std::string_view text) const {
  return tokenizer_->Encode(text, manifest_.text.context_length);
}

Result<std::vector<std::vector<float>>> LoadedModel::EncodeTokens(std::vector<std::vector<std::int32_t>> tokens,
                                                                  const RequestContext& context) {
  HC_TRY(CheckHasTexts());
  std::vector<std::vector<float>> all;
  for (std::size_t first = 0; first < tokens.size(); first += kTextPortion) {
    const std::size_t last = std::min(first + kTextPortion, tokens.size());
    std::vector<EncoderInput> portion;
    for (std::size_t i = first; i < last; ++i) portion.emplace_back(std::move(tokens[i]));
    HC_ASSIGN(auto embeddings, text_encoder_->Encode(std::move(portion), context));
    std::ranges::move(embeddings, std::back_inserter(all));
  }
  HC_TRY(NormalizeAll(all));
  return all;
}

Result<EncodedTexts> LoadedModel::EncodeTexts(std::span<const std::string> texts, const RequestContext& context) {
  HC_TRY(CheckHasTexts());
  EncodedTexts result;
  result.embeddings.resize(texts.size());
  std::vector<std::string> missing_keys;  // of distinct texts that must be encoded
  std::vector<std::vector<std::int32_t>> missing_tokens;
  std::unordered_map<std::string, std::size_t> missing_index;
  std::vector<std::pair<std::size_t, std::size_t>> to_fill;  // text, index into missing_*
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Tokens tokens = Tokenize(texts[i]);
    result.truncated.push_back(tokens.truncated);
    result.tokens += tokens.ids.size();
    std::string key = TextCache::Key(fingerprint_, tokens.ids);
    result.embeddings[i] = cache_.Find(key);
    result.cached.push_back(result.embeddings[i] != nullptr);
    if (result.embeddings[i] != nullptr) continue;
    const auto [found, inserted] = missing_index.try_emplace(key, missing_keys.size());
    to_fill.emplace_back(i, found->second);
    if (!inserted) continue;
    missing_keys.push_back(std::move(key));
    missing_tokens.push_back(std::move(tokens.ids));
  }
  HC_ASSIGN(auto encoded, EncodeTokens(std::move(missing_tokens), context));
  std::vector<SharedEmbedding> shared;
  for (std::size_t m = 0; m < encoded.size(); ++m) {
    shared.push_back(std::make_shared<const std::vector<float>>(std::move(encoded[m])));
    cache_.Insert(missing_keys[m], shared.back());
  }
  for (const auto& [text, index] : to_fill) result.embeddings[text] = shared[index];
  return result;
}

}  // namespace hailo_clip
