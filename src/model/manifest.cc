#include "model/manifest.h"

#include <array>
#include <bit>
#include <cstddef>
#include <span>

#include "base/base64.h"
#include "base/sha256.h"
#include "base/yaml.h"
#include "model/manifest_words.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kMaxNameLength = 100;

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Lines of YAML, indented. Not a general emitter: it writes what a manifest holds, always in the same way.
class Writer {
 public:
  void Open(std::string_view key) {
    Line(fmt::format("{}:", key));
    ++depth_;
  }
  void Indent() { ++depth_; }
  void Close() { --depth_; }
  void Text(std::string_view key, std::string_view text) { Line(fmt::format("{}: {}", key, QuoteYaml(text))); }
  void Word(std::string_view key, std::string_view word) { Line(fmt::format("{}: {}", key, word)); }
  void Number(std::string_view key, int number) { Line(fmt::format("{}: {}", key, number)); }
  // The shortest digits that read back to the same float.
  void Number(std::string_view key, float number) { Line(fmt::format("{}: {}", key, number)); }
  void Numbers(std::string_view key, const std::array<float, 3>& numbers) {
    Line(fmt::format("{}: [{}, {}, {}]", key, numbers[0], numbers[1], numbers[2]));
  }
  void Hashes(std::string_view key, const std::map<std::string, std::string>& sha256) {
    Open(key);
    for (const auto& [file, hash] : sha256) Text(QuoteYaml(file), hash);
    Close();
  }
  // The next line begins an item of a list.
  void Item() { item_ = true; }
  [[nodiscard]] std::string Take() { return std::move(text_); }

 private:
  void Line(std::string_view line) {
    text_.append(static_cast<std::size_t>(depth_) * 2, ' ');
    if (item_) text_.replace(text_.size() - 2, 2, "- ");
    item_ = false;
    text_.append(line).append("\n");
  }

  std::string text_;
  int depth_ = 0;
  bool item_ = false;
};

std::string EncodeEmbedding(std::span<const float> values) {
  std::vector<std::byte> bytes;
  bytes.reserve(values.size() * 4);
  for (const float value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::byte>((bits >> shift) & 0xFFU));
  }
  return EncodeBase64(bytes);
}

void WriteScoring(Writer& out, const ScoringSpec& scoring) {
  out.Open("scoring");
  out.Word("activation", WordOf(scoring.activation, kActivationWords));
  out.Number("logit_scale", scoring.logit_scale);
  if (scoring.activation == Activation::kSigmoid) out.Number("logit_bias", scoring.logit_bias);
  if (scoring.none_of_these_below.has_value()) out.Number("none_of_these_below", *scoring.none_of_these_below);
  out.Close();
}

void WriteImage(Writer& out, const PreprocessSpec& image) {
  out.Open("image");
  out.Word("resize", WordOf(image.resize_mode, kResizeWords));
  out.Number("resize_size", image.resize_size);
  out.Number("crop_size", image.crop_size);
  out.Word("crop_rounding", WordOf(image.crop_rounding, kCropRoundingWords));
  out.Word("interpolation", WordOf(image.interpolation, kInterpolationWords));
  out.Numbers("mean", image.mean);
  out.Numbers("std", image.standard_deviation);
  out.Close();
}

// What only some kinds of tokenizer or text graph have is written for those alone.
void WriteText(Writer& out, const Manifest& manifest) {
  const TokenizerSpec& tokenizer = manifest.text.tokenizer;
  if (tokenizer.files.empty()) return;
  out.Open("text");
  out.Open("tokenizer");
  out.Word("kind", WordOf(tokenizer.kind, kTokenizerWords));
  if (tokenizer.kind == TokenizerKind::kWordPiece) out.Word("lower_case", WordOf(tokenizer.lower_case, kYesNoWords));
  if (tokenizer.kind == TokenizerKind::kSentencePiece) {
    out.Word("ids", WordOf(tokenizer.ids, kSentencePieceIdsWords));
    out.Word("clean", WordOf(tokenizer.clean, kTextCleaningWords));
  }
  out.Open("files");
  for (const std::string& file : tokenizer.files) {
    const auto hash = manifest.tokenizer_sha256.find(file);
    out.Text(QuoteYaml(file), hash == manifest.tokenizer_sha256.end() ? "" : hash->second);
  }
  out.Close();
  out.Close();
  out.Number("context_length", manifest.text.context_length);
  out.Number("pad_id", manifest.text.pad_id);
  if (manifest.text.padding != TextPadding::kLongest)
    out.Word("padding", WordOf(manifest.text.padding, kTextPaddingWords));
  out.Close();
}

void WriteEncoder(Writer& out, std::string_view key, const EncoderFile& encoder) {
  out.Open(key);
  out.Text("file", encoder.file);
  out.Text("sha256", encoder.sha256);
  out.Text("input", encoder.input);
  out.Text("output", encoder.output);
  if (encoder.attention_mask.has_value()) out.Text("attention_mask", *encoder.attention_mask);
  if (encoder.best_batch.has_value()) out.Number("best_batch", *encoder.best_batch);
  if (!encoder.data_files.empty()) out.Hashes("data_files", encoder.data_files);
  out.Close();
}

void WriteVectors(Writer& out, std::string_view key, const std::vector<SelfTestVector>& vectors) {
  if (vectors.empty()) return;
  out.Open(key);
  out.Indent();
  for (const SelfTestVector& vector : vectors) {
    out.Item();
    out.Text("input", vector.input);
    out.Text("embedding", EncodeEmbedding(vector.embedding));
  }
  out.Close();
  out.Close();
}

}  // namespace

Status ValidateModelName(std::string_view name) {
  bool valid = !name.empty() && name.size() <= kMaxNameLength && IsLetterOrDigit(name.front());
  for (const char c : name) valid = valid && (IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-');
  if (valid) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "a model's name must begin with a letter or digit and have at most {} letters, digits, '.', '_' and '-'",
              kMaxNameLength);
}

bool EqualModelNames(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, Lower, Lower); }

std::string FormatManifest(const Manifest& manifest) {
  Writer out;
  out.Number("schema", kManifestSchema);
  out.Text("name", manifest.name);
  out.Word("family", WordOf(manifest.family, kFamilyWords));
  out.Number("embedding_dimension", manifest.embedding_dimension);
  WriteScoring(out, manifest.scoring);
  WriteImage(out, manifest.image);
  WriteText(out, manifest);
  out.Open("encoders");
  for (const auto& [backend, files] : manifest.encoders) {
    out.Open(backend);
    if (files.image.has_value()) WriteEncoder(out, "image", *files.image);
    if (files.text.has_value()) WriteEncoder(out, "text", *files.text);
    out.Close();
  }
  out.Close();
  out.Text("licence", manifest.licence);
  out.Text("source", manifest.source);
  out.Text("revision", manifest.revision);
  out.Open("self_test");
  out.Number("min_cosine", manifest.self_test.min_cosine);
  WriteVectors(out, "images", manifest.self_test.images);
  WriteVectors(out, "texts", manifest.self_test.texts);
  out.Close();
  return out.Take();
}

std::map<std::string, std::string> FilesOf(const Manifest& manifest) {
  std::map<std::string, std::string> files = manifest.tokenizer_sha256;
  for (const auto& [backend, encoders] : manifest.encoders) {
    for (const auto* encoder : {&encoders.image, &encoders.text}) {
      if (!encoder->has_value()) continue;
      files.emplace((*encoder)->file, (*encoder)->sha256);
      files.insert((*encoder)->data_files.begin(), (*encoder)->data_files.end());
    }
  }
  return files;
}

void RecordHashes(const std::map<std::string, std::string>& sha256, Manifest& manifest) {
  for (auto& [file, hash] : manifest.tokenizer_sha256) hash = sha256.at(file);
  for (auto& [backend, encoders] : manifest.encoders) {
    for (auto* encoder : {&encoders.image, &encoders.text}) {
      if (!encoder->has_value()) continue;
      (*encoder)->sha256 = sha256.at((*encoder)->file);
      for (auto& [file, hash] : (*encoder)->data_files) hash = sha256.at(file);
    }
  }
}

std::string Fingerprint(const Manifest& manifest) { return "sha256:" + Sha256Hex(FormatManifest(manifest)); }

}  // namespace hailo_clip
