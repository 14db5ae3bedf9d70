// The golden self-test: known inputs through the real backend must reproduce known embeddings.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/loaded_model.h"
#include "image/rgb_image.h"

namespace hailo_clip {

// The built-in test pictures, "card:1" and "card:2": colour patches, gradients, text-like edges and noise, made by
// integer arithmetic, so equal everywhere. They are wider than high and not symmetric, so that swapped channels, a
// wrong mean, a wrong crop and a turned picture all move the embedding. kBadModel for any other name.
[[nodiscard]] Result<RgbImage> TestCard(std::string_view name);
[[nodiscard]] std::vector<std::string> TestCardNames();

// Texts of different length and content for models that bring none: pooling at a wrong position moves the embedding.
[[nodiscard]] std::vector<std::string> SelfTestTexts();

// Runs the inputs of the built-in cards and texts and records what comes out: for a model that was just imported.
[[nodiscard]] Result<SelfTestSpec> RecordSelfTest(LoadedModel& model);

// The smallest cosine over the manifest's vectors; kBadModel, naming the input, if one is below the manifest's limit or
// if the manifest has no vector for one of the encoders. Runs each input alone and all texts together, so that padding
// and batching are tested too. Of a simulated device only the batching is.
[[nodiscard]] Result<double> RunSelfTest(LoadedModel& model);

}  // namespace hailo_clip
