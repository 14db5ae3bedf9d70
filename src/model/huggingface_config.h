// Hugging Face's config.json and preprocessor_config.json, which its split and combined layouts share.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "image/preprocess.h"
#include "model/published.h"

namespace hailo_clip {

// Everything but the graphs: family, dimension, scoring, preprocessing, tokenizer. Keys that are left out have the
// defaults of transformers' classes (CLIPConfig, SiglipConfig, VisionTextDualEncoderConfig and their processors).
[[nodiscard]] Result<PublishedModel> ReadHuggingFaceConfigs(const std::filesystem::path& folder);

// preprocessor_config.json by itself.
[[nodiscard]] Result<PreprocessSpec> ReadPreprocessorConfig(const std::filesystem::path& folder);

}  // namespace hailo_clip
