#include "engine/embedding_run.h"

#include <utility>

namespace hailo_clip {

EmbeddingRun::EmbeddingRun(EmbeddingCache& cache, const RequestContext& context, Submit submit, Collect collect)
    : own_(context.use_caches ? std::nullopt : std::optional<EmbeddingCache>(std::in_place, EmbeddingCache::Limits{})),
      cache_(own_.has_value() ? *own_ : cache),
      context_(context),
      submit_(std::move(submit)),
      collect_(std::move(collect)) {}

Status EmbeddingRun::Add(std::string key) {
  inputs_.push_back({.key = std::move(key), .embedding = nullptr, .lookup = {}});
  Status begun = Begin(inputs_.size() - 1);
  if (begun.has_value())
    inputs_.back().cached = inputs_.back().embedding != nullptr;
  else
    inputs_.pop_back();
  return begun;
}

Status EmbeddingRun::Begin(std::size_t index) {
  Input& input = inputs_[index];
  input.lookup.reset();
  input.lookup.emplace(cache_.Find(input.key));
  input.embedding = input.lookup->found();
  if (!input.lookup->leads()) return {};
  HC_TRY(submit_(index));
  submitted_.push_back(index);
  return {};
}

Status EmbeddingRun::PublishSubmitted() {
  if (submitted_.empty()) return {};
  HC_ASSIGN(auto embeddings, collect_());
  for (std::size_t i = 0; i < submitted_.size(); ++i) {
    Input& input = inputs_[submitted_[i]];
    input.embedding = std::make_shared<const std::vector<float>>(std::move(embeddings[i]));
    input.lookup->Publish(input.embedding);
  }
  submitted_.clear();
  return {};
}

Result<std::vector<SharedEmbedding>> EmbeddingRun::Finish() {
  for (std::size_t i = 0; i < inputs_.size();) {
    // Whatever this run leads is published before it waits for anybody else: see EmbeddingCache::Lookup.
    HC_TRY(PublishSubmitted());
    Input& input = inputs_[i];
    if (input.embedding == nullptr) {
      HC_ASSIGN(input.embedding, input.lookup->Wait(context_));
    }
    if (input.embedding == nullptr) {
      HC_TRY(Begin(i));  // given up by who led it: look again
    } else {
      ++i;
    }
  }
  std::vector<SharedEmbedding> embeddings;
  embeddings.reserve(inputs_.size());
  for (Input& input : inputs_) embeddings.push_back(std::move(input.embedding));
  return embeddings;
}

}  // namespace hailo_clip
