// A WordPiece vocabulary and a text, parted by a zero byte. The first byte is the context length and the case.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text/wordpiece.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hailo_clip;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t end = rest.find('\0');
  const auto tokenizer = WordPieceTokenizer::Create(rest.substr(0, end), data[0] % 2 == 0);
  if (!tokenizer.has_value()) return 0;
  const int length = data[0];
  const Tokens tokens = tokenizer->Encode(end == rest.npos ? "a photo" : rest.substr(end + 1), length);
  if (tokens.ids.size() < 2 || tokens.ids.size() > static_cast<std::size_t>(std::max(length, 2))) std::abort();
  const auto known = [&](int id) { return id >= 0 && id < tokenizer->vocabulary_size(); };
  if (!std::ranges::all_of(tokens.ids, known)) std::abort();
  return 0;
}
