// What an OpenAI client's embeddings request asks for, pictures included.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "http/request.h"

namespace hailo_clip::http {

struct TextInput {
  std::string text;
};
struct PictureInput {
  std::string bytes;  // of a picture file
};

struct EmbeddingsInput {
  std::vector<std::variant<TextInput, PictureInput>> inputs;  // 1 to 2,048, of which at most 64 pictures
  std::string model;                                          // empty: the loaded one
  bool base64 = false;                                        // encoding_format
};

// Reads `input` (a string, a data:image/... URI, {"text"} or {"image"}, or an array of these), `modality` or
// `messages`. kInvalidArgument names the field. The request's body is freed once it is read.
[[nodiscard]] Result<EmbeddingsInput> ReadEmbeddings(Request& request);

}  // namespace hailo_clip::http
