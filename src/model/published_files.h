// Finds the files of a published folder. Names are relative to that folder.
#pragma once

#include <filesystem>
#include <span>
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

// A word for --precision and what exporters append to a graph's name for it: model_fp16.onnx. The first of its
// suffixes that is there counts.
struct Precision {
  std::string_view name;
  std::vector<std::string_view> suffixes;
};
[[nodiscard]] std::span<const Precision> Precisions();

// "fp32, fp16, ...", for messages.
[[nodiscard]] std::string PrecisionNames();

// Whether `graph` ("onnx/model.onnx") is there in any precision.
[[nodiscard]] bool HasGraph(const std::filesystem::path& folder, const std::string& graph);

// An encoder in the variant of `graph` for `precision` (empty: fp32), with the files of weights that belong to it;
// hashes are empty. kNotFound says which variants are there in its place and how to take them; kInvalidArgument for a
// precision that is no word of Precisions().
[[nodiscard]] Result<EncoderFile> FindGraph(const std::filesystem::path& folder, const std::string& graph,
                                            std::string_view precision, std::string_view input,
                                            std::string_view output);

// Adds the tokenizer's files, from `where` ("" or "textual/"). manifest.text has what is expected of the tokenizer and
// its padding; the class that tokenizer_config.json names counts more. kNotFound without such files, kUnsupported for a
// class or setting that is not known.
[[nodiscard]] Status FindTokenizer(const std::filesystem::path& folder, std::string_view where, Manifest& manifest);

}  // namespace hailo_clip
