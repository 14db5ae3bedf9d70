// What a model is: the content of a model folder's manifest.yaml, as plain structs.
// The schema, with every key explained, is docs/manifest.example.yaml.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/preprocess.h"
#include "text/tokenizer.h"

namespace hailo_clip {

// What a manifest, or the configuration of a published model, may say.
inline constexpr int kMaxDimension = 16'384;
inline constexpr int kMaxContextLength = 4'096;  // tokens
inline constexpr int kMaxPictureSide = 4'096;    // of the encoder's input, in pixels

enum class ModelFamily { kClip, kSiglip };
enum class Activation { kSoftmax, kSigmoid };

struct ScoringSpec {
  Activation activation = Activation::kSoftmax;
  float logit_scale = 100.0F;                // already exponentiated; > 0
  float logit_bias = 0.0F;                   // sigmoid only
  std::optional<float> none_of_these_below;  // best cosine below this: none of the prompts fits
};

// One encoder's file for one backend. Axis sizes and element types are read from the file, not repeated here.
struct EncoderFile {
  std::string file;                           // relative to the model's folder
  std::string sha256;                         // 64 lower-case hex digits
  std::string input;                          // name of the input tensor
  std::string output;                         // name of the output tensor that is the embedding
  std::optional<std::string> attention_mask;  // text only: name of the mask input, if the graph has one
  // Above this many inputs a larger batch costs as much time an input, and more memory. nullopt: the backend's own.
  std::optional<int> best_batch;
  // Files beside it that the graph itself names (ONNX external data): relative path -> sha256.
  std::map<std::string, std::string> data_files;
};

struct BackendFiles {
  std::optional<EncoderFile> image;
  std::optional<EncoderFile> text;
};

enum class TextPadding {
  kLongest,        // a batch is as long as its longest text, unless the graph's sequence length is fixed
  kContextLength,  // always context_length: the padding counts as text (SigLIP)
};

struct TextSpec {
  TokenizerSpec tokenizer;  // without files: the model has no text encoder
  int context_length = 77;
  std::int32_t pad_id = 0;
  TextPadding padding = TextPadding::kLongest;
};

// Known inputs and what they embed to. The picture is the built-in test card (engine/self_test.h), so a model
// folder carries no pictures.
struct SelfTestVector {
  std::string input;             // image: "card:1"; text: the text itself
  std::vector<float> embedding;  // unit length
};

struct SelfTestSpec {
  float min_cosine = 0.999F;
  std::vector<SelfTestVector> images;
  std::vector<SelfTestVector> texts;
};

struct Manifest {
  std::string name;
  ModelFamily family = ModelFamily::kClip;
  int embedding_dimension = 0;
  ScoringSpec scoring;
  PreprocessSpec image;
  TextSpec text;
  std::map<std::string, BackendFiles> encoders;         // by backend name: "onnx", "hailo"
  std::map<std::string, std::string> tokenizer_sha256;  // by file name, for each of text.tokenizer.files
  std::string licence;
  std::string source;    // where it came from: an address or a sentence
  std::string revision;  // of the source
  SelfTestSpec self_test;
};

inline constexpr std::string_view kManifestFile = "manifest.yaml";
inline constexpr int kManifestSchema = 1;
inline constexpr std::size_t kMaxManifestBytes = std::size_t{4} << 20U;

// A letter or digit, then up to 99 letters, digits, dots, underscores or hyphens; kInvalidArgument otherwise. Names
// are compared without regard to case, because some file systems do so.
[[nodiscard]] Status ValidateModelName(std::string_view name);
[[nodiscard]] bool EqualModelNames(std::string_view a, std::string_view b);

// Strict: an unknown key, a wrong type or a value out of range is kBadModel with line and key; file names that
// are absolute or leave the folder are refused. Thread-safe.
[[nodiscard]] Result<Manifest> ParseManifest(std::string_view yaml);

// The canonical form: equal manifests give equal bytes, and ParseManifest reads it back equal.
[[nodiscard]] std::string FormatManifest(const Manifest& manifest);

// Every file that the manifest names, with its recorded sha256.
[[nodiscard]] std::map<std::string, std::string> FilesOf(const Manifest& manifest);

// Records the sha256 of every file that the manifest names; `sha256` has them all.
void RecordHashes(const std::map<std::string, std::string>& sha256, Manifest& manifest);

// "sha256:<64 hex>" over the canonical form (which holds the sha256 of every file).
[[nodiscard]] std::string Fingerprint(const Manifest& manifest);

}  // namespace hailo_clip
