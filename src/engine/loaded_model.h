// One model in memory: its tokenizer, its encoders with their queues.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/result.h"
#include "engine/batcher.h"
#include "engine/embedding_cache.h"
#include "engine/metrics.h"
#include "engine/request_context.h"
#include "model/store.h"
#include "text/tokenizer.h"

namespace hailo_clip {

struct EncodedTexts {
  std::vector<SharedEmbedding> embeddings;  // of unit length, in the order asked; equal token ids share one
  std::vector<bool> truncated;
  std::vector<bool> cached;
  std::size_t tokens = 0;  // ids over all texts, start and end included
};

// Thread-safe; calls block until the answer is there, the deadline passes or the request is cancelled.
class LoadedModel {
 public:
  // Hashes the files that changed since they were hashed (VerifyChangedFiles), opens the encoders that the manifest has
  // for `backend`, loads the tokenizer. `texts`, `metrics` (nullptr: counts nothing) and `clock` must outlive the
  // model.
  [[nodiscard]] static Result<std::unique_ptr<LoadedModel>> Load(const InstalledModel& model,
                                                                 std::unique_ptr<Backend> backend,
                                                                 EmbeddingCache& texts, const Clock& clock,
                                                                 const EngineMetrics* metrics = nullptr);

  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }  // "sha256:<64 hex>"
  [[nodiscard]] const EncoderInfo& image_info() const { return image_encoder_->info(); }
  [[nodiscard]] std::uintmax_t encoder_bytes() const;  // of its encoders' files
  // False: the model embeds pictures only, and every call with texts is kNotFound.
  [[nodiscard]] bool has_texts() const { return text_encoder_ != nullptr; }
  [[nodiscard]] const EncoderInfo& text_info() const { return text_encoder_->info(); }

  // Pictures are [S, S, 3] u8. Add them to the call as they are decoded, then FinishImages.
  [[nodiscard]] std::unique_ptr<EncodeCall> StartImages(const RequestContext& context);
  [[nodiscard]] Result<std::vector<std::vector<float>>> FinishImages(EncodeCall& call) const;  // of unit length

  // Each distinct text is encoded once, and not at all when the cache has it or another request is encoding it.
  [[nodiscard]] Result<EncodedTexts> EncodeTexts(std::span<const std::string> texts, const RequestContext& context);

  // Past the cache: for the self-test and warm-up. Of unit length.
  [[nodiscard]] Result<std::vector<std::vector<float>>> EncodeTokens(std::vector<std::vector<std::int32_t>> tokens,
                                                                     const RequestContext& context);
  [[nodiscard]] Tokens Tokenize(std::string_view text) const;  // only if has_texts()

  [[nodiscard]] std::chrono::milliseconds StalledFor() const;  // of its encoders, the longer (Batcher::StalledFor)

  // An encoder of its own, past the queue, for whoever must know what shares a batch. The model must outlive it.
  [[nodiscard]] Result<std::unique_ptr<Encoder>> CreateEncoder(EncoderKind kind) const {
    return backend_->CreateEncoder(kind, manifest_, folder_);
  }

 private:
  LoadedModel(const InstalledModel& model, EmbeddingCache& texts)
      : manifest_(model.manifest), folder_(model.folder), fingerprint_(model.fingerprint), texts_(texts) {}

  [[nodiscard]] Status CheckHasTexts() const;
  // Fills the places `which` of the result.
  [[nodiscard]] Status EncodePortion(std::span<const Tokens> tokens, std::span<const std::size_t> which,
                                     const RequestContext& context, EncodedTexts& result);

  const Manifest manifest_;
  const std::filesystem::path folder_;
  const std::string fingerprint_;
  EmbeddingCache& texts_;
  std::unique_ptr<Tokenizer> tokenizer_;  // nullptr without texts
  std::unique_ptr<Backend> backend_;      // outlives the encoders
  std::unique_ptr<Batcher> image_encoder_;
  std::unique_ptr<Batcher> text_encoder_;  // nullptr without texts
};

}  // namespace hailo_clip
