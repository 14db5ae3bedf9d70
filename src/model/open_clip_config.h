// open_clip's config.json (or open_clip_config.json) and preprocess_cfg.json.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "model/published.h"

namespace hailo_clip {

// Everything but the graphs and the tokenizer's files. text_cfg.hf_tokenizer_name and tokenizer_kwargs settle which
// tokenizer is expected (manifest.text.tokenizer without files). Keys that are left out have open_clip's defaults.
[[nodiscard]] Result<PublishedModel> ReadOpenClipConfigs(const std::filesystem::path& folder);

}  // namespace hailo_clip
