#include "model/published_files.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "model/json_object.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

struct TokenizerClass {
  std::string_view name;
  TokenizerSpec spec;
  std::string_view pad_token;
};

// What the classes of transformers are here. T5, SigLIP and Gemma number pieces as the file does; XLM-Roberta, like
// fairseq, puts four tokens of its own in front.
const std::array kClasses = {
    TokenizerClass{"CLIPTokenizer", {.kind = TokenizerKind::kClipBpe}, "<|endoftext|>"},
    TokenizerClass{"BertTokenizer", {.kind = TokenizerKind::kWordPiece, .lower_case = true}, "[PAD]"},
    TokenizerClass{
        "XLMRobertaTokenizer", {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kXlmRoberta}, "<pad>"},
    TokenizerClass{"T5Tokenizer", {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kT5}, "<pad>"},
    TokenizerClass{
        "SiglipTokenizer",
        {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kT5, .clean = TextCleaning::kSiglip},
        "</s>"},
    TokenizerClass{
        "GemmaTokenizer",
        {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kT5, .clean = TextCleaning::kLowerCase},
        "<pad>"},
    TokenizerClass{
        "Siglip2Tokenizer",
        {.kind = TokenizerKind::kSentencePiece, .ids = SentencePieceIds::kT5, .clean = TextCleaning::kLowerCase},
        "<pad>"},
};

// Names that say nothing: the files speak for themselves.
constexpr std::array<std::string_view, 3> kPlainClasses = {"", "PreTrainedTokenizer", "TokenizersBackend"};

Result<const TokenizerClass*> FindClass(const JsonObject& config) {
  HC_ASSIGN(const std::string full_name, config.Text("tokenizer_class"));
  std::string_view name = full_name;
  if (name.ends_with("Fast")) name.remove_suffix(4);
  if (std::ranges::find(kPlainClasses, name) != kPlainClasses.end()) return nullptr;
  const auto* const found = std::ranges::find(kClasses, name, &TokenizerClass::name);
  if (found != kClasses.end()) return found;
  std::vector<std::string_view> names;
  for (const TokenizerClass& one : kClasses) names.push_back(one.name);
  return config.Refuse("tokenizer_class", fmt::format("is '{}'; known are {}", full_name, fmt::join(names, ", ")));
}

// T5's own numbers: <pad> 0, </s> 1. fairseq's <pad> is 1; BERT's [PAD] is the first line. CLIP's never matters.
Result<std::int32_t> PadId(const JsonObject& config, const TokenizerSpec& spec, std::string_view otherwise) {
  std::string token;
  if (config.HasObject("pad_token")) {
    HC_ASSIGN(const JsonObject added, config.Member("pad_token"));
    HC_ASSIGN(token, added.Text("content"));
  } else {
    HC_ASSIGN(token, config.Text("pad_token"));
  }
  if (token.empty()) token = otherwise;
  if (spec.kind == TokenizerKind::kClipBpe) return 0;
  if (spec.kind == TokenizerKind::kWordPiece && token == "[PAD]") return 0;
  if (spec.kind == TokenizerKind::kSentencePiece && token == "<pad>")
    return spec.ids == SentencePieceIds::kXlmRoberta ? 1 : 0;
  if (spec.kind == TokenizerKind::kSentencePiece && spec.ids == SentencePieceIds::kT5 && token == "</s>") return 1;
  return config.Refuse("pad_token", fmt::format("is '{}', which is not known of this tokenizer", token.substr(0, 100)));
}

// Reads what tokenizer_config.json says into `text`, which holds what is expected without one.
Status ReadTokenizerConfig(const fs::path& folder, const std::string& name, TextSpec& text) {
  HC_ASSIGN(const JsonFile file, JsonFile::Read(folder, name));
  const JsonObject config = file.root();
  HC_ASSIGN(const TokenizerClass* known, FindClass(config));
  TokenizerSpec& spec = text.tokenizer;
  if (known != nullptr) {
    const TextCleaning expected = spec.clean;
    spec = known->spec;
    // open_clip cleans texts itself, before a plain T5 tokenizer sees them.
    if (known->name == "T5Tokenizer") spec.clean = expected;
    HC_ASSIGN(text.pad_id, PadId(config, spec, known->pad_token));
  }
  if (spec.kind == TokenizerKind::kSentencePiece && spec.ids == SentencePieceIds::kT5) {
    HC_ASSIGN(const bool adds_start, config.Boolean("add_bos_token", false));
    if (adds_start) return config.Refuse("add_bos_token", "is true; only false can be imported");
  }
  if (spec.kind != TokenizerKind::kWordPiece) return {};
  HC_ASSIGN(spec.lower_case, config.Boolean("do_lower_case", true));
  HC_ASSIGN(const bool strip_accents, config.Boolean("strip_accents", spec.lower_case));
  if (strip_accents != spec.lower_case)
    return config.Refuse("strip_accents", "must be what do_lower_case is, or be left out");
  return config.RequireTrue("tokenize_chinese_chars");
}

// The files of which a tokenizer of this kind is made, each alternative one list, the best first.
std::vector<std::vector<std::string>> Alternatives(TokenizerKind kind) {
  switch (kind) {
    case TokenizerKind::kClipBpe: return {{"tokenizer.json"}, {"vocab.json", "merges.txt"}};
    case TokenizerKind::kWordPiece: return {{"vocab.txt"}};
    case TokenizerKind::kSentencePiece: return {{"sentencepiece.bpe.model"}, {"spiece.model"}, {"tokenizer.model"}};
  }
  return {};
}

// The first file of that precision: "onnx/model_fp16.onnx"; empty if there is none.
std::string VariantOf(const fs::path& folder, const std::string& graph, const Precision& precision) {
  for (const std::string_view suffix : precision.suffixes) {
    std::string file = graph;
    file.insert(file.rfind('.'), suffix);
    if (HasFile(folder, file)) return file;
  }
  return {};
}

std::unexpected<Error> NoSuchGraph(const fs::path& folder, const std::string& graph, const Precision& wanted) {
  std::vector<std::string> there;
  for (const Precision& other : Precisions())
    if (const std::string file = VariantOf(folder, graph, other); !file.empty())
      there.push_back(fmt::format("{} (--precision {})", file, other.name));
  return Fail(ErrorCode::kNotFound, "{} has no {}{}{}", folder.string(), graph,
              wanted.name == "fp32" ? "" : fmt::format(" in {}", wanted.name),
              there.empty() ? "" : fmt::format("; there is {}", fmt::join(there, ", ")));
}

}  // namespace

bool HasFile(const fs::path& folder, std::string_view file) {
  std::error_code error;
  return fs::is_regular_file(folder / file, error);
}

std::vector<std::string> FilesBeside(const fs::path& folder, std::string_view file, std::string_view prefix) {
  std::vector<std::string> found;
  const fs::path parent = fs::path(file).parent_path();
  std::error_code error;
  for (fs::directory_iterator it(folder / parent, error), end; !error && it != end; it.increment(error)) {
    const std::string name = (parent / it->path().filename()).string();
    if (it->path().filename().string().starts_with(prefix) && HasFile(folder, name)) found.push_back(name);
  }
  std::ranges::sort(found);
  return found;
}

std::span<const Precision> Precisions() {
  // As optimum and transformers.js name their files. `_quantized` is int8 as the exporter's version chose it.
  static const std::vector<Precision> kPrecisions = {
      {"fp32", {""}},        {"fp16", {"_fp16"}}, {"int8", {"_int8", "_quantized", "_uint8"}},
      {"uint8", {"_uint8"}}, {"q4", {"_q4"}},     {"q4f16", {"_q4f16"}},
      {"bnb4", {"_bnb4"}}};
  return kPrecisions;
}

std::string PrecisionNames() {
  std::vector<std::string_view> names;
  for (const Precision& precision : Precisions()) names.push_back(precision.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

bool HasGraph(const fs::path& folder, const std::string& graph) {
  return std::ranges::any_of(Precisions(),
                             [&](const Precision& one) { return !VariantOf(folder, graph, one).empty(); });
}

Result<EncoderFile> FindGraph(const fs::path& folder, const std::string& base, std::string_view precision,
                              std::string_view input, std::string_view output) {
  const std::string_view wanted = precision.empty() ? "fp32" : precision;
  const auto chosen = std::ranges::find(Precisions(), wanted, &Precision::name);
  if (chosen == Precisions().end())
    return Fail(ErrorCode::kInvalidArgument, "--precision: there is no '{}'; known are {}", wanted, PrecisionNames());
  const std::string graph = VariantOf(folder, base, *chosen);
  if (graph.empty()) return NoSuchGraph(folder, base, *chosen);
  EncoderFile encoder;
  encoder.file = graph;
  encoder.input = input;
  encoder.output = output;
  // ONNX keeps weights above 2 GB in files of their own, which exporters name after the graph.
  const std::string name = fs::path(graph).filename().string();
  for (const std::string_view suffix : {"_data", ".data"})
    for (const std::string& file : FilesBeside(folder, graph, name + std::string(suffix)))
      encoder.data_files.emplace(file, "");
  return encoder;
}

Status FindTokenizer(const fs::path& folder, std::string_view where, Manifest& manifest) {
  TokenizerSpec& spec = manifest.text.tokenizer;
  const std::string config = fmt::format("{}tokenizer_config.json", where);
  if (HasFile(folder, config)) HC_TRY(ReadTokenizerConfig(folder, config, manifest.text));
  std::vector<std::string> names;
  for (std::vector<std::string> files : Alternatives(spec.kind)) {
    for (std::string& file : files) file.insert(0, where);
    names.push_back(fmt::format("{}", fmt::join(files, " and ")));
    if (!std::ranges::all_of(files, [&](const std::string& file) { return HasFile(folder, file); })) continue;
    for (const std::string& file : files) manifest.tokenizer_sha256.emplace(file, "");
    spec.files = std::move(files);
    return {};
  }
  return Fail(ErrorCode::kNotFound, "{} has no file of its tokenizer: {}", folder.string(), fmt::join(names, ", or "));
}

}  // namespace hailo_clip
