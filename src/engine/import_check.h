// What is asked of a model before it is installed: sane embeddings, and the logit scale if only the weights know it.
#pragma once

#include <filesystem>

#include "backend/backend.h"
#include "base/result.h"
#include "engine/loaded_model.h"

namespace hailo_clip {

// The self_test.min_cosine that suits a new model; kBadModel, saying what is wrong, unless
// - every embedding is finite and not zero (their dimensions are the backend's check),
// - an input's embedding is the same alone, in a batch, and beside a longer text (padding),
// - a picture of noise and a photo-like card, and texts of different tokens, give different embeddings.
// "Same" is the manifest's self_test.min_cosine, which also suits it. Quantised models quantise activations by the
// range that they have in the batch at hand, so an embedding moves a little with its company: for them "same" is
// kSameWhenQuantised, and the limit leaves room for kRoomWhenQuantised times the movement that was measured.
[[nodiscard]] Result<float> CheckNewModel(const LoadedModel& model);

inline constexpr float kSameWhenQuantised = 0.95F;
inline constexpr float kRoomWhenQuantised = 10;

// Sets scoring.logit_scale and, for a sigmoid, logit_bias from `graph`: one with Hugging Face's names (pixel_values,
// input_ids -> image_embeds, text_embeds, logits_per_image). The logits of several pictures with one text are a
// straight line over the cosines; least squares in double give its slope and offset. kBadModel if they are not, if the
// pictures are too alike to tell, or if the graph does not fit.
[[nodiscard]] Status MeasureLogits(Backend& backend, const std::filesystem::path& graph, Manifest& manifest);

}  // namespace hailo_clip
