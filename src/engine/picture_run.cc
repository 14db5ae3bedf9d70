#include "engine/picture_run.h"

#include <utility>

#include "base/keyed_digest.h"

namespace hailo_clip {

PictureRun::PictureRun(LoadedModel& model, EmbeddingCache& cache, const RequestContext& context, Prepare prepare)
    : model_(model),
      context_(context),
      prepare_(std::move(prepare)),
      run_(cache, context, [this](std::size_t index) { return Submit(index); }, [this] { return Collect(); }) {}

Status PictureRun::Add(std::span<const std::byte> picture) {
  pictures_.push_back(picture);
  Status added = run_.Add(CacheKey(model_.fingerprint(), KeyedDigest(picture)));
  if (!added.has_value()) pictures_.pop_back();
  return added;
}

Status PictureRun::Submit(std::size_t index) {
  HC_ASSIGN(PreparedPicture picture, prepare_(pictures_[index]));
  if (call_ == nullptr) call_ = model_.StartImages(context_);
  return call_->Add(std::move(picture.crop.pixels));
}

Result<std::vector<std::vector<float>>> PictureRun::Collect() {
  const auto call = std::move(call_);
  return model_.FinishImages(*call);
}

}  // namespace hailo_clip
