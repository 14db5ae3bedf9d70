// What config.json and preprocessor_config.json of a Hugging Face CLIP model say.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/preprocess.h"

namespace hailo_clip {

struct PublishedModel {
  int embedding_dimension = 0;
  float logit_scale = 0;  // exp(logit_scale_init_value): what training began with, not what it found
  int context_length = 0;
  PreprocessSpec image;
  std::string source;              // _name_or_path; may be empty
  std::vector<std::string> notes;  // what the person who imports should know
};

// Refuses by name every setting that would change the picture's pixels or the meaning of the embeddings and that the
// manifest cannot express (kUnsupported), and files that are missing (kNotFound), damaged or contradict each other
// (kBadModel). Keys that are left out have the defaults of transformers' CLIPConfig and CLIPImageProcessor.
[[nodiscard]] Result<PublishedModel> ReadPublishedModel(const std::filesystem::path& folder);

// The first bytes of a Git LFS pointer, which a clone without git-lfs has in place of each large file.
[[nodiscard]] bool IsLfsPointer(std::string_view head);

}  // namespace hailo_clip
