#include "http/api/answers.h"

#include <cmath>
#include <utility>

#include "base/sha256.h"

namespace hailo_clip::http {

void WriteIdentity(JsonWriter& json, const ModelIdentity& model) {
  json.Key("model").String(model.name);
  json.Key("model_fingerprint").String(model.fingerprint);
  json.Key("backend").String(model.backend);
  if (model.simulated)
    json.Key("simulated").String("no model is computed: embeddings and scores are made up (clip.backend: simulated)");
  if (!model.requested_model) return;
  json.Key("requested_model").String(*model.requested_model);
  json.Key("note").String(fmt::format("the model '{}' is not installed; '{}' answers in its place (clip.if_missing)",
                                      *model.requested_model, model.name));
}

Error PictureError(Error error) {
  const bool about_the_picture = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kUnsupported ||
                                 error.code == ErrorCode::kTooLarge;
  if (about_the_picture) error.message = fmt::format("Failed to decode image: {}", error.message);
  return error;
}

Response WithETag(Response response, std::string_view content, const Request& request) {
  const std::string tag = fmt::format("\"{}\"", Sha256Hex(content).substr(0, 32));
  response.headers.emplace_back("ETag", tag);
  const std::string_view known = request.if_none_match;
  if (known == "*" || known.find(tag) != std::string_view::npos) {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

double RoundToThousandths(double value) { return std::round(value * 1000) / 1000; }

}  // namespace hailo_clip::http
