// Texts of any bytes through CLIP's tokenizer with its real vocabulary. The first byte is the context length.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "text/tokenizer.h"

namespace {

std::unique_ptr<hailo_clip::Tokenizer> Load() {
  const std::filesystem::path folder = std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/clip";
  auto tokenizer = hailo_clip::CreateTokenizer({.files = {"bpe_simple_vocab_16e6.txt.gz"}}, folder);
  if (!tokenizer) std::abort();
  return *std::move(tokenizer);
}

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<hailo_clip::Tokenizer> tokenizer = Load();
  if (size == 0) return 0;
  const int context_length = data[0];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto [ids, truncated] = tokenizer->Encode(text, context_length);
  Check(ids.size() <= static_cast<std::size_t>(std::max(context_length, 2)));
  Check(ids.front() == 49'406 && ids.back() == 49'407);
  Check(std::ranges::all_of(ids, [](int id) { return id >= 0 && id < 49'408; }));
  // The second time the words come from the cache, and a longer context only adds ids behind.
  const auto again = tokenizer->Encode(text, context_length);
  Check(again.ids == ids && again.truncated == truncated);
  const auto whole = tokenizer->Encode(text, 1 << 20);
  Check(truncated == (whole.ids.size() > ids.size()));
  Check(std::equal(ids.begin(), ids.end() - 1, whole.ids.begin()));
  return 0;
}
