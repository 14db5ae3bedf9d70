// Fuzzes the readers of JSON requests: the service's own routes, OpenAI's, and label sets.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/label_set.h"
#include "http/api/native_requests.h"
#include "http/api/openai_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hailo_clip::http;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto request = [&] {
    Request made;
    made.content_type = "application/json";
    made.body = body;
    return made;
  };
  Request classify = request(), batch = request(), images = request(), texts = request(), openai = request();
  if (const auto input = ReadClassify(classify)) {
    if (input->engine.prompts.empty() == input->engine.label_set.empty() || input->engine.top_k < 1) __builtin_trap();
  }
  if (const auto input = ReadClassifyBatch(batch)) {
    if (input->pictures.empty() || input->pictures.size() > kMaxImages) __builtin_trap();
  }
  if (const auto input = ReadEmbedImages(images)) {
    if (input->pictures.empty() || input->pictures.size() > kMaxImages) __builtin_trap();
  }
  if (const auto input = ReadEmbedTexts(texts)) {
    if (input->texts.empty() || input->texts.size() > kMaxTexts) __builtin_trap();
  }
  if (const auto input = ReadEmbeddings(openai)) {
    if (input->inputs.empty()) __builtin_trap();
  }
  std::string label_set = body;
  if (const auto set = hailo_clip::ParseLabelSet(label_set)) {
    std::string again = FormatLabelSet(*set);
    if (const auto read = hailo_clip::ParseLabelSet(again); !read || TextsDigest(*read) != TextsDigest(*set))
      __builtin_trap();
  }
  return 0;
}
