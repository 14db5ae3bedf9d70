#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>

#include "base/base64.h"
#include "base/yaml.h"
#include "model/manifest.h"
#include "model/manifest_words.h"
#include "model/section.h"

namespace hailo_clip {
namespace {

constexpr int kMaxBestBatch = 1'024;
constexpr std::size_t kMaxVectors = 64;
constexpr std::size_t kMaxTextLength = 4'000;  // as for prompts
constexpr std::size_t kMaxFileNameLength = 255;
constexpr float kUnitLengthTolerance = 1e-3F;

// Relative, without "." and ".." and nothing that another system would read as one; never the manifest itself.
bool StaysInFolder(std::string_view file) {
  if (file.empty() || file.size() > kMaxFileNameLength || file == kManifestFile) return false;
  for (const char c : file)
    if (static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == ':') return false;
  while (true) {
    const std::size_t slash = file.find('/');
    const std::string_view part = file.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    file.remove_prefix(slash + 1);
  }
}

bool IsSha256(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

constexpr std::string_view kFileRule = "must be a file name inside the model's folder";
constexpr std::string_view kHashRule = "must be a sha256: 64 digits and letters a to f";

// A mapping of file names to sha256, in the order of the text.
std::vector<std::pair<std::string, std::string>> ReadHashes(Section files) {
  std::vector<std::pair<std::string, std::string>> hashes;
  for (const std::string& file : files.Keys()) {
    std::string sha256;
    files.Text(file, sha256);
    if (!StaysInFolder(file)) files.ReportAt(file, kFileRule);
    if (!IsSha256(sha256)) files.ReportAt(file, kHashRule);
    hashes.emplace_back(file, sha256);
  }
  return hashes;
}

void ReadScoring(Section section, ScoringSpec& scoring) {
  section.Choice("activation", scoring.activation, kActivationWords);
  section.Real("logit_scale", scoring.logit_scale, 1e-3F, 1e5F);
  section.Real("logit_bias", scoring.logit_bias, -1e5F, 1e5F, Need::kOptional);
  if (section.Has("logit_bias") && scoring.activation == Activation::kSoftmax)
    section.ReportAt("logit_bias", "changes nothing with softmax; remove it, or set activation: sigmoid");
  if (section.Has("none_of_these_below"))
    section.Real("none_of_these_below", scoring.none_of_these_below.emplace(), -1, 1);
  section.Finish();
}

void ReadImage(Section section, PreprocessSpec& image) {
  section.Choice("resize", image.resize_mode, kResizeWords);
  section.Integer("resize_size", image.resize_size, 1, kMaxPictureSide);
  section.Integer("crop_size", image.crop_size, 1, kMaxPictureSide);
  section.Choice("crop_rounding", image.crop_rounding, kCropRoundingWords);
  section.Choice("interpolation", image.interpolation, kInterpolationWords);
  section.Reals("mean", image.mean, -10, 10);
  section.Reals("std", image.standard_deviation, 1e-3F, 1e3F);
  const bool has_sizes = section.Has("resize_size") && section.Has("crop_size");
  if (has_sizes && image.resize_size < image.crop_size) section.ReportAt("resize_size", "must not be below crop_size");
  if (has_sizes && image.resize_mode == ResizeMode::kSquash && image.resize_size != image.crop_size)
    section.ReportAt("resize_size", "must equal crop_size with resize: squash");
  section.Finish();
}

void ReadText(Section section, Manifest& manifest) {
  if (!section.present()) return;
  Section tokenizer = section.Sub("tokenizer");
  TokenizerSpec& spec = manifest.text.tokenizer;
  tokenizer.Choice("kind", spec.kind, kTokenizerWords);
  if (spec.kind == TokenizerKind::kWordPiece) tokenizer.Choice("lower_case", spec.lower_case, kYesNoWords);
  if (spec.kind == TokenizerKind::kSentencePiece) {
    tokenizer.Choice("ids", spec.ids, kSentencePieceIdsWords);
    tokenizer.Choice("clean", spec.clean, kTextCleaningWords);
  }
  for (auto& [file, sha256] : ReadHashes(tokenizer.Sub("files"))) {
    spec.files.push_back(file);
    manifest.tokenizer_sha256.emplace(file, sha256);
  }
  if (spec.files.empty()) tokenizer.ReportAt("files", "must name at least one file");
  tokenizer.Finish();
  section.Integer("context_length", manifest.text.context_length, 3, kMaxContextLength);
  section.Integer("pad_id", manifest.text.pad_id, 0, std::numeric_limits<std::int32_t>::max());
  if (section.Has("padding")) section.Choice("padding", manifest.text.padding, kTextPaddingWords);
  section.Finish();
}

std::optional<EncoderFile> ReadEncoder(Section section, bool is_text) {
  if (!section.present()) return std::nullopt;
  EncoderFile encoder;
  section.Text("file", encoder.file);
  if (!StaysInFolder(encoder.file)) section.ReportAt("file", kFileRule);
  section.Text("sha256", encoder.sha256);
  if (!IsSha256(encoder.sha256)) section.ReportAt("sha256", kHashRule);
  section.Text("input", encoder.input);
  section.Text("output", encoder.output);
  if (is_text && section.Has("attention_mask")) section.Text("attention_mask", encoder.attention_mask.emplace());
  if (section.Has("best_batch")) section.Integer("best_batch", encoder.best_batch.emplace(), 1, kMaxBestBatch);
  for (auto& [file, sha256] : ReadHashes(section.Sub("data_files", Need::kOptional)))
    encoder.data_files.emplace(file, sha256);
  section.Finish();
  return encoder;
}

void ReadEncoders(Section section, std::map<std::string, BackendFiles>& encoders) {
  for (const std::string& backend : section.Keys()) {
    const bool named_well = backend.size() <= 32 && std::ranges::all_of(backend, [](char c) {
                              return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                            });
    if (!named_well) section.ReportAt(backend, "is no name of a backend: lower-case letters, digits and '_'");
    Section files = section.Sub(backend);
    BackendFiles& target = encoders[backend];
    target.image = ReadEncoder(files.Sub("image", Need::kOptional), false);
    target.text = ReadEncoder(files.Sub("text", Need::kOptional), true);
    files.Finish();
    if (!target.image.has_value() && !target.text.has_value())
      section.ReportAt(backend, "must have an image or a text encoder");
  }
}

std::vector<float> DecodeEmbedding(std::string_view base64) {
  const Result<std::string> bytes = DecodeBase64(base64);
  std::vector<float> values;
  if (!bytes.has_value() || bytes->size() % 4 != 0) return values;
  for (std::size_t i = 0; i < bytes->size(); i += 4) {
    std::uint32_t bits = 0;
    for (unsigned k = 0; k < 4; ++k) bits |= std::uint32_t{static_cast<unsigned char>((*bytes)[i + k])} << (8 * k);
    values.push_back(std::bit_cast<float>(bits));
  }
  return values;
}

bool IsCard(std::string_view input) {
  constexpr std::string_view prefix = "card:";
  if (!input.starts_with(prefix) || input.size() == prefix.size() || input.size() > prefix.size() + 3) return false;
  return std::ranges::all_of(input.substr(prefix.size()), [](char c) { return c >= '0' && c <= '9'; });
}

void ReadVectors(Section& section, std::string_view key, int dimension, std::vector<SelfTestVector>& vectors) {
  std::vector<Section> items = section.Items(key);
  if (items.size() > kMaxVectors) section.ReportAt(key, fmt::format("must have at most {} vectors", kMaxVectors));
  for (Section& item : items) {
    SelfTestVector vector;
    // An empty text is an input like any other; a picture needs a name.
    item.Text("input", vector.input, key == "texts" ? Need::kOptional : Need::kRequired);
    if (!item.Has("input")) item.ReportAt("input", "is missing");
    if (key == "images" && !IsCard(vector.input)) item.ReportAt("input", "must be a test card: card:<number>");
    if (vector.input.size() > kMaxTextLength) item.ReportAt("input", "is too long");
    std::string base64;
    item.Text("embedding", base64);
    vector.embedding = DecodeEmbedding(base64);
    if (dimension > 0 && std::ssize(vector.embedding) != dimension)
      item.ReportAt("embedding", fmt::format("must be base64 of {} little-endian float32", dimension));
    double squares = 0;
    for (const float value : vector.embedding) squares += double{value} * double{value};
    // Written so that NaN fails.
    if (!(std::abs(std::sqrt(squares) - 1) <= kUnitLengthTolerance)) item.ReportAt("embedding", "must have length 1");
    item.Finish();
    vectors.push_back(std::move(vector));
  }
}

void ReadSelfTest(Section section, int dimension, SelfTestSpec& self_test) {
  section.Real("min_cosine", self_test.min_cosine, 0.5F, 1);
  ReadVectors(section, "images", dimension, self_test.images);
  ReadVectors(section, "texts", dimension, self_test.texts);
  section.Finish();
}

// The same file twice is fine (a picture and a text encoder in one graph), with two hashes it is not.
void CheckFilesAgree(const Section& root, const Manifest& manifest) {
  const std::map<std::string, std::string> files = FilesOf(manifest);
  const auto check = [&](const std::string& file, const std::string& sha256) {
    if (files.at(file) != sha256) root.ReportAt("encoders", fmt::format("name '{}' with two different sha256", file));
  };
  for (const auto& [backend, encoders] : manifest.encoders) {
    for (const auto* encoder : {&encoders.image, &encoders.text}) {
      if (!encoder->has_value()) continue;
      check((*encoder)->file, (*encoder)->sha256);
      for (const auto& [file, sha256] : (*encoder)->data_files) check(file, sha256);
    }
  }
}

void ReadRoot(Section& root, Manifest& manifest) {
  int schema = kManifestSchema;
  root.Integer("schema", schema, 1, std::numeric_limits<int>::max());
  if (schema != kManifestSchema)
    root.ReportAt("schema",
                  fmt::format("is {}, this program reads {}; a newer hailo-clip may read it", schema, kManifestSchema));
  root.Text("name", manifest.name);
  if (const Status valid = ValidateModelName(manifest.name); !valid.has_value())
    root.ReportAt("name", fmt::format("is not usable: {}", valid.error().message));
  root.Choice("family", manifest.family, kFamilyWords);
  root.Integer("embedding_dimension", manifest.embedding_dimension, 1, kMaxDimension);
  ReadScoring(root.Sub("scoring"), manifest.scoring);
  ReadImage(root.Sub("image"), manifest.image);
  ReadText(root.Sub("text", Need::kOptional), manifest);
  ReadEncoders(root.Sub("encoders"), manifest.encoders);
  const bool has_text_encoder =
      std::ranges::any_of(manifest.encoders, [](const auto& entry) { return entry.second.text.has_value(); });
  if (has_text_encoder && !root.Has("text")) root.ReportAt("text", "is missing, and there is a text encoder");
  if (manifest.encoders.empty()) root.ReportAt("encoders", "must name at least one backend");
  CheckFilesAgree(root, manifest);
  root.Text("licence", manifest.licence, Need::kOptional);
  root.Text("source", manifest.source, Need::kOptional);
  root.Text("revision", manifest.revision, Need::kOptional);
  ReadSelfTest(root.Sub("self_test"), manifest.embedding_dimension, manifest.self_test);
  root.Finish();
}

}  // namespace

Result<Manifest> ParseManifest(std::string_view yaml) {
  Result<YamlNode> tree = ParseYaml(yaml, kManifestFile, {.max_bytes = kMaxManifestBytes, .max_depth = 8});
  if (!tree.has_value()) return Fail(ErrorCode::kBadModel, "{}", tree.error().message);
  Problem problem{.source = std::string(kManifestFile), .wrong = {}, .missing = {}};
  if (tree->kind == YamlNode::Kind::kNull) return Fail(ErrorCode::kBadModel, "{} is empty", kManifestFile);
  Manifest manifest;
  Section root(&*tree, "", problem);
  ReadRoot(root, manifest);
  if (problem.first().has_value()) return Fail(ErrorCode::kBadModel, "{}", *problem.first());
  return manifest;
}

}  // namespace hailo_clip
