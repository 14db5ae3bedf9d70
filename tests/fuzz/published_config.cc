// The configuration files of published models. The first byte chooses the layout; zero bytes part config.json, the
// preprocessing and tokenizer_config.json. What is accepted must make a manifest that reads back.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "model/published.h"

namespace {

namespace fs = std::filesystem;
using namespace hailo_clip;

void Write(const fs::path& file, std::string_view content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

// A folder for each layout, with graphs and vocabularies that nobody opens.
fs::path MakeFolders() {
  std::string path = (fs::temp_directory_path() / "hailo-clip-fuzz-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) std::abort();
  for (const char* file :
       {"0/onnx/vision_model.onnx", "0/onnx/text_model.onnx", "0/tokenizer.json", "0/vocab.txt", "0/spiece.model",
        "1/model.onnx", "1/tokenizer.json", "1/vocab.txt", "1/sentencepiece.bpe.model", "2/visual/model.onnx",
        "2/textual/model.onnx", "2/textual/tokenizer.json", "2/textual/spiece.model"})
    Write(fs::path(path) / file, "x");
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fs::path root = MakeFolders();
  if (size == 0) return 0;
  const std::size_t choice = data[0] % Layouts().size();
  const fs::path folder = root / std::to_string(choice);
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool open_clip = choice == 2;
  for (const char* file : {"config.json", open_clip ? "visual/preprocess_cfg.json" : "preprocessor_config.json",
                           open_clip ? "textual/tokenizer_config.json" : "tokenizer_config.json"}) {
    const std::size_t end = rest.find('\0');
    Write(folder / file, rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  auto model = Layouts()[choice].read(folder);
  if (!model.has_value()) {
    if (model.error().message.empty() || model.error().message.size() > 2000) std::abort();
    return 0;
  }
  Manifest& manifest = model->manifest;
  manifest.name = "fuzz";
  const std::string hash(64, '0');
  for (auto& [file, sha256] : manifest.tokenizer_sha256) sha256 = hash;
  for (auto* encoder : {&manifest.encoders.at("onnx").image, &manifest.encoders.at("onnx").text})
    if (encoder->has_value()) (*encoder)->sha256 = hash;
  if (const auto again = ParseManifest(FormatManifest(manifest)); !again.has_value()) std::abort();
  return 0;
}
