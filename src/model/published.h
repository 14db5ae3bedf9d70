// What a published folder turns out to be. One layout_*.cc file knows one way of laying such folders out; a config
// format that several layouts share has a file of its own (huggingface_config, open_clip_config).
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace hailo_clip {

struct PublishedModel {
  // All but name, hashes and self-test vectors. FilesOf(manifest) are the files to copy, under the same names.
  Manifest manifest;
  // False: the published files do not say scoring.logit_scale and logit_bias, and nothing can be assumed.
  bool logits_known = true;
  // A graph of both sides, relative to the folder: what its logits tell about scale and bias counts more.
  std::optional<std::string> logits_graph;
  std::vector<std::string> notes;  // what the person who imports should know
};

// Refuses by name every setting that would change the picture's pixels or the meaning of the embeddings and that the
// manifest cannot express (kUnsupported), and files that are missing (kNotFound), damaged or contradict each other
// (kBadModel).
struct Layout {
  std::string_view name;
  std::string_view files;  // what the folder holds, for messages
  bool (*matches)(const std::filesystem::path& folder);
  // `precision`: which variant of the graphs, a word of Precisions() in published_files.h; empty: full precision.
  Result<PublishedModel> (*read)(const std::filesystem::path& folder, std::string_view precision);
};

// In this order; the first that matches reads the folder.
[[nodiscard]] std::span<const Layout> Layouts();

// The layouts' own files; each is a line in Layouts().
extern const Layout kHuggingFaceSplitLayout;
extern const Layout kHuggingFaceCombinedLayout;
extern const Layout kOpenClipLayout;

// The first bytes of a Git LFS pointer, which a clone without git-lfs has in place of each large file.
[[nodiscard]] bool IsLfsPointer(std::string_view head);

}  // namespace hailo_clip
