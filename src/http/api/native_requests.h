// What the service's own routes are asked for, read from JSON, multipart forms and raw bodies alike.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "http/request.h"

namespace hailo_clip::http {

inline constexpr std::size_t kMaxPrompts = 1000;
inline constexpr std::size_t kMaxTextBytes = 4000;
inline constexpr std::size_t kMaxTemplates = 100;
inline constexpr std::size_t kMaxFilledPrompts = 10'000;  // prompts times templates
inline constexpr std::size_t kMaxImages = 64;
inline constexpr std::size_t kMaxTexts = 2048;

struct ClassifyInput {
  std::string picture;     // the bytes of a picture file
  ClassifyRequest engine;  // without `image`: that is a view of `picture`
  Priority priority = Priority::kInteractive;
};

struct ClassifyBatchInput {
  std::vector<Result<std::string>> pictures;  // 1..kMaxImages: bytes of a picture file, or why they cannot be read
  ClassifyRequest engine;                     // without `image`
  Priority priority = Priority::kInteractive;
};

struct EmbedImagesInput {
  std::vector<std::string> pictures;
  Priority priority = Priority::kInteractive;
  bool is_list = false;  // asked with `images`: answered with a list, even of one
  std::string model;     // empty: the main one
};

struct EmbedTextsInput {
  std::vector<std::string> texts;
  Priority priority = Priority::kInteractive;
  bool is_list = false;
  std::string model;
};

// Everything that can be said without decoding a picture is checked here; kInvalidArgument names the field. The
// request's body is freed once it is read.
[[nodiscard]] Result<ClassifyInput> ReadClassify(Request& request);
// What is wrong with one picture stands in its place; everything else fails the request.
[[nodiscard]] Result<ClassifyBatchInput> ReadClassifyBatch(Request& request);
[[nodiscard]] Result<EmbedImagesInput> ReadEmbedImages(Request& request);
[[nodiscard]] Result<EmbedTextsInput> ReadEmbedTexts(Request& request);

}  // namespace hailo_clip::http
