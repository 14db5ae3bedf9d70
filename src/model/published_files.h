// Finds the files of a published folder. Names are relative to that folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace hailo_clip {

[[nodiscard]] bool HasFile(const std::filesystem::path& folder, std::string_view file);

// Files beside `file` whose name begins with `prefix`, sorted.
[[nodiscard]] std::vector<std::string> FilesBeside(const std::filesystem::path& folder, std::string_view file,
                                                   std::string_view prefix);

// An encoder in `graph`, with the files of weights that belong to it; hashes are empty. kNotFound says which variants
// of the graph (model_fp16.onnx, ...) are there in its place.
[[nodiscard]] Result<EncoderFile> FindGraph(const std::filesystem::path& folder, const std::string& graph,
                                            std::string_view input, std::string_view output);

// Adds the tokenizer's files, from `where` ("" or "textual/"). manifest.text has what is expected of the tokenizer and
// its padding; the class that tokenizer_config.json names counts more. kNotFound without such files, kUnsupported for a
// class or setting that is not known.
[[nodiscard]] Status FindTokenizer(const std::filesystem::path& folder, std::string_view where, Manifest& manifest);

}  // namespace hailo_clip
