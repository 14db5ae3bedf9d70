// The readers of tokenizer files, from bytes. The first byte chooses the reader, the rest is the file; for the pair
// vocab.json and merges.txt a zero byte parts the two. Whatever a reader accepts must then encode.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "text/clip_bpe.h"
#include "text/clip_vocabulary.h"

namespace {

using hailo_clip::ClipVocabulary;
using hailo_clip::Result;

Result<ClipVocabulary> Read(unsigned char choice, std::string_view file) {
  switch (choice % 4) {
    case 0: return hailo_clip::ReadTokenizerJson(file);
    case 1: return hailo_clip::ReadMerges(file);
    case 2: return hailo_clip::ReadGzippedMerges(file);
    default: break;
  }
  const std::size_t end = file.find('\0');
  return hailo_clip::ReadVocabJsonAndMerges(file.substr(0, end),
                                            end == file.npos ? std::string_view() : file.substr(end + 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto vocabulary = Read(data[0], {reinterpret_cast<const char*>(data + 1), size - 1});
  if (!vocabulary) {
    if (vocabulary.error().message.empty() || vocabulary.error().message.size() > 2000) std::abort();
    return 0;
  }
  const hailo_clip::ClipBpeTokenizer tokenizer(*std::move(vocabulary));
  for (const int id : tokenizer.Encode("A photo of the \u00C9iffel tower, at night; it's 42.", 77).ids) {
    if (id < 0 || id >= tokenizer.vocabulary_size()) std::abort();
  }
  return 0;
}
