// One request's inputs on their way to embeddings: found in the cache, taken from another request, or computed.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/embedding_cache.h"
#include "engine/request_context.h"

namespace hailo_clip {

// Used by one thread.
class EmbeddingRun {
 public:
  // Gives the index-th input to the encoder, or keeps it for the next Collect; called at once by Add for an input that
  // nobody has, and again by Finish if another request gave it up. Inputs must live until Finish.
  using Submit = std::function<Status(std::size_t index)>;
  // Waits for the embeddings, of unit length, of all that were submitted since the last call, in that order.
  using Collect = std::function<Result<std::vector<std::vector<float>>>()>;

  // Without context.use_caches, `cache` stays untouched and only equal inputs of this run share an embedding.
  EmbeddingRun(EmbeddingCache& cache, const RequestContext& context, Submit submit, Collect collect);

  void Reserve(std::size_t inputs) { inputs_.reserve(inputs); }

  // `key` as CacheKey makes it. An input that cannot be submitted is not added.
  [[nodiscard]] Status Add(std::string key);

  // The embeddings in the order of Add; or the first error, which gives up what this run leads.
  [[nodiscard]] Result<std::vector<SharedEmbedding>> Finish();

  // Whether the index-th input was in the cache.
  [[nodiscard]] bool cached(std::size_t index) const { return inputs_[index].cached; }

 private:
  struct Input {
    std::string key;
    SharedEmbedding embedding;
    std::optional<EmbeddingCache::Lookup> lookup;  // until there is an embedding
    bool cached = false;
  };

  [[nodiscard]] Status Begin(std::size_t index);
  [[nodiscard]] Status PublishSubmitted();

  std::optional<EmbeddingCache> own_;
  EmbeddingCache& cache_;
  const RequestContext& context_;
  const Submit submit_;
  const Collect collect_;
  std::vector<Input> inputs_;
  std::vector<std::size_t> submitted_;  // and not collected yet
};

}  // namespace hailo_clip
