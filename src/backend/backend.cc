#include "backend/backend.h"

namespace hailo_clip {

Result<const ImageBatch*> CheckImageBatch(const Batch& batch, int crop_size) {
  const auto* images = std::get_if<ImageBatch>(&batch);
  if (images == nullptr || images->images.empty())
    return Fail(ErrorCode::kInvalidArgument, "an image encoder wants a batch of pictures");
  const std::size_t size = std::size_t{3} * static_cast<std::size_t>(crop_size) * static_cast<std::size_t>(crop_size);
  for (const auto& image : images->images)
    if (image.size() != size)
      return Fail(ErrorCode::kInvalidArgument, "a picture of {} bytes, expected {}", image.size(), size);
  return images;
}

Result<const TextBatch*> CheckTextBatch(const Batch& batch, int context_length) {
  const auto* texts = std::get_if<TextBatch>(&batch);
  if (texts == nullptr || texts->tokens.empty())
    return Fail(ErrorCode::kInvalidArgument, "a text encoder wants a batch of token ids");
  for (const auto& ids : texts->tokens)
    if (ids.empty() || ids.size() > static_cast<std::size_t>(context_length))
      return Fail(ErrorCode::kInvalidArgument, "a text of {} tokens, expected 1 to {}", ids.size(), context_length);
  return texts;
}

}  // namespace hailo_clip
