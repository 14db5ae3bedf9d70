#include "model/importer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "base/file.h"
#include "model/copy.h"
#include "model/published.h"
#include "model/store.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kImageGraph = "onnx/vision_model.onnx";
constexpr std::string_view kTextGraph = "onnx/text_model.onnx";
constexpr std::string_view kBackend = "onnx";

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// Files of the folder of `graph` whose name begins with `prefix`, as paths relative to `source`, sorted.
std::vector<std::string> Siblings(const fs::path& source, std::string_view graph, std::string_view prefix) {
  std::vector<std::string> found;
  const fs::path folder = fs::path(graph).parent_path();
  std::error_code error;
  for (fs::directory_iterator it(source / folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(prefix) && IsFile(it->path())) found.push_back((folder / name).string());
  }
  std::ranges::sort(found);
  return found;
}

// ONNX keeps weights above 2 GB in files of their own, which exporters name after the graph: .onnx_data, .onnx.data.
std::vector<std::string> DataFiles(const fs::path& source, std::string_view graph) {
  const std::string name = fs::path(graph).filename().string();
  std::vector<std::string> files = Siblings(source, graph, name + "_data");
  const std::vector<std::string> others = Siblings(source, graph, name + ".data");
  files.insert(files.end(), others.begin(), others.end());
  return files;
}

Status CheckGraphIsThere(const fs::path& source, std::string_view graph) {
  if (IsFile(source / graph)) return {};
  std::string hint;
  if (const auto others = Siblings(source, graph, fs::path(graph).stem().string()); !others.empty())
    hint = fmt::format("; {} is there, but only the full-precision graph is imported", fmt::join(others, ", "));
  else if (IsFile(source / "visual/model.onnx"))
    hint = "; this looks like the open_clip/Immich layout, which cannot be imported yet";
  else if (IsFile(source / "onnx/model.onnx") || IsFile(source / "model.onnx"))
    hint = "; a single model.onnx for pictures and texts cannot be imported yet";
  return Fail(ErrorCode::kNotFound, "{} has no {}{}", source.string(), graph, hint);
}

Result<std::vector<std::string>> TokenizerFiles(const fs::path& source) {
  if (IsFile(source / "tokenizer.json")) return std::vector<std::string>{"tokenizer.json"};
  if (IsFile(source / "vocab.json") && IsFile(source / "merges.txt"))
    return std::vector<std::string>{"vocab.json", "merges.txt"};
  return Fail(ErrorCode::kNotFound, "{} has neither tokenizer.json nor vocab.json and merges.txt", source.string());
}

struct Origin {
  std::string name;
  std::string source;
  std::string revision;
};

// <...>/models--OWNER--NAME/snapshots/REVISION is how Hugging Face's tools keep what they downloaded.
Origin OriginOf(const fs::path& source) {
  Origin origin{.name = source.filename().string(), .source = {}, .revision = {}};
  constexpr std::string_view prefix = "models--";
  const std::string repository = source.parent_path().parent_path().filename().string();
  if (source.parent_path().filename() != "snapshots" || !repository.starts_with(prefix)) return origin;
  const std::string_view owner_and_name = std::string_view(repository).substr(prefix.size());
  const std::size_t dashes = owner_and_name.find("--");
  if (dashes == std::string_view::npos || !ValidateModelName(owner_and_name.substr(dashes + 2))) return origin;
  return {
      .name = std::string(owner_and_name.substr(dashes + 2)),
      .source = fmt::format("Hugging Face {}/{}", owner_and_name.substr(0, dashes), owner_and_name.substr(dashes + 2)),
      .revision = origin.name};
}

// What is copied from the published folder, under the same relative names.
struct Selection {
  std::vector<std::string> tokenizer;
  std::vector<std::string> image_data;
  std::vector<std::string> text_data;

  [[nodiscard]] std::vector<std::string> All() const {
    std::vector<std::string> all = {std::string(kImageGraph), std::string(kTextGraph)};
    for (const auto* files : {&tokenizer, &image_data, &text_data}) all.insert(all.end(), files->begin(), files->end());
    return all;
  }
};

Result<Selection> Select(const fs::path& source) {
  HC_TRY(CheckGraphIsThere(source, kImageGraph));
  HC_TRY(CheckGraphIsThere(source, kTextGraph));
  Selection selection;
  HC_ASSIGN(selection.tokenizer, TokenizerFiles(source));
  selection.image_data = DataFiles(source, kImageGraph);
  selection.text_data = DataFiles(source, kTextGraph);
  return selection;
}

Result<std::map<std::string, std::string>> CopyAll(const std::vector<std::string>& files, const fs::path& source,
                                                   const fs::path& staging) {
  std::uintmax_t bytes = 0;
  for (const std::string& file : files) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(source / file, error);
    if (!error) bytes += size;
  }
  HC_TRY(CheckFreeSpace(staging, bytes));
  std::map<std::string, std::string> sha256;
  for (const std::string& file : files) {
    HC_ASSIGN(sha256[file], CopyFile(source / file, staging / file));
  }
  return sha256;
}

EncoderFile MakeEncoder(std::string_view graph, std::string_view input, std::string_view output,
                        const std::vector<std::string>& data, const std::map<std::string, std::string>& sha256) {
  EncoderFile encoder;
  encoder.file = graph;
  encoder.sha256 = sha256.at(encoder.file);
  encoder.input = input;
  encoder.output = output;
  for (const std::string& file : data) encoder.data_files.emplace(file, sha256.at(file));
  return encoder;
}

Manifest MakeManifest(const PublishedModel& published, const Origin& origin, const Selection& selection,
                      const std::map<std::string, std::string>& sha256) {
  Manifest manifest;
  manifest.name = origin.name;
  manifest.family = ModelFamily::kClip;
  manifest.embedding_dimension = published.embedding_dimension;
  manifest.scoring.activation = Activation::kSoftmax;
  manifest.scoring.logit_scale = published.logit_scale;
  manifest.image = published.image;
  manifest.text.tokenizer = {.kind = TokenizerKind::kClipBpe, .files = selection.tokenizer};
  for (const std::string& file : selection.tokenizer) manifest.tokenizer_sha256.emplace(file, sha256.at(file));
  manifest.text.context_length = published.context_length;
  // What stands behind the end token is never looked at: attention is causal, and pooling takes the end token.
  manifest.text.pad_id = 0;
  BackendFiles& files = manifest.encoders[std::string(kBackend)];
  files.image = MakeEncoder(kImageGraph, "pixel_values", "image_embeds", selection.image_data, sha256);
  files.text = MakeEncoder(kTextGraph, "input_ids", "text_embeds", selection.text_data, sha256);
  manifest.source = origin.source.empty() ? published.source : origin.source;
  manifest.revision = origin.revision;
  return manifest;
}

// The folder with links and dots resolved, so that its name is its own.
Result<fs::path> ResolveSource(const fs::path& source) {
  std::error_code error;
  fs::path resolved = fs::canonical(source, error);
  if (error || !fs::is_directory(resolved, error))
    return Fail(ErrorCode::kNotFound, "'{}' is not a folder", source.string());
  return resolved;
}

}  // namespace

Result<ImportResult> ImportModel(const ImportOptions& options, const FinishImport& finish) {
  HC_ASSIGN(const fs::path source, ResolveSource(options.source));
  Origin origin = OriginOf(source);
  if (!options.name.empty()) origin.name = options.name;
  HC_TRY(CheckNameIsFree(options.target, origin.name, options.replace));
  HC_ASSIGN(const Selection selection, Select(source));
  HC_ASSIGN(PublishedModel published, ReadPublishedModel(source));

  HC_ASSIGN(StagingFolder staging, StagingFolder::Create(options.target));
  HC_ASSIGN(const auto sha256, CopyAll(selection.All(), source, staging.path()));
  Manifest manifest = MakeManifest(published, origin, selection, sha256);
  if (finish) HC_TRY(finish(staging.path(), manifest));
  const std::string text = FormatManifest(manifest);
  HC_TRY(ParseManifest(text));  // never leave behind what cannot be read again
  HC_TRY(WriteFileAtomically(staging.path() / kManifestFile, text));
  const fs::path folder = options.target / origin.name;
  HC_TRY(staging.PublishAs(folder, options.replace));
  return ImportResult{.manifest = manifest,
                      .folder = folder,
                      .fingerprint = Fingerprint(manifest),
                      .notes = std::move(published.notes)};
}

}  // namespace hailo_clip
