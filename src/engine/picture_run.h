// One request's pictures: looked up, else decoded and given to the encoder at once.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/batcher.h"
#include "engine/embedding_run.h"
#include "engine/loaded_model.h"
#include "engine/request_context.h"
#include "image/preprocess.h"

namespace hailo_clip {

// Used by one thread; what it is made of outlives it.
class PictureRun {
 public:
  // From the bytes of a picture file to the encoder's pixels.
  using Prepare = std::function<Result<PreparedPicture>(std::span<const std::byte>)>;

  PictureRun(LoadedModel& model, EmbeddingCache& cache, const RequestContext& context, Prepare prepare);

  // A picture that nobody has is decoded here, while the encoder works on those before it. `picture` must live until
  // Finish. One that cannot be decoded is not added: others may follow.
  [[nodiscard]] Status Add(std::span<const std::byte> picture);

  // In the order of Add.
  [[nodiscard]] Result<std::vector<SharedEmbedding>> Finish() { return run_.Finish(); }
  [[nodiscard]] bool cached(std::size_t index) const { return run_.cached(index); }

 private:
  [[nodiscard]] Status Submit(std::size_t index);
  [[nodiscard]] Result<std::vector<std::vector<float>>> Collect();

  LoadedModel& model_;
  const RequestContext& context_;
  const Prepare prepare_;
  std::vector<std::span<const std::byte>> pictures_;
  std::unique_ptr<EncodeCall> call_;
  EmbeddingRun run_;
};

}  // namespace hailo_clip
