#include "http/api/answers.h"

#include <cmath>
#include <utility>

#include "base/sha256.h"
#include "http/entity_tag.h"

namespace hailo_clip::http {
namespace {

// Scores come from float32 cosines: more digits would be false.
float Shown(double value) { return static_cast<float>(value); }

std::string TagOf(std::string_view content) { return fmt::format("\"{}\"", Sha256Hex(content).substr(0, 32)); }

Response WithTag(Response response, const std::string& tag, const Request& request) {
  response.headers.emplace_back("ETag", tag);
  if (HasEntityTag(request.if_none_match, tag)) {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

}  // namespace

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

void WriteClassifications(JsonWriter& json, const Classification& answer, const ClassifyRequest& request) {
  const std::vector<std::string>& texts = answer.TextsOf(request);
  json.Key("classifications").BeginArray();
  int rank = 0;
  for (const RankedPrompt& ranked : answer.ranked) {
    json.BeginObject();
    json.Key("text").String(texts[ranked.index]);
    json.Key("score").Number(Shown(ranked.score));
    json.Key("rank").Integer(++rank);
    json.Key("similarity").Number(Shown(ranked.similarity));
    json.EndObject();
  }
  json.EndArray();
}

void WriteVerdict(JsonWriter& json, const Classification& answer) {
  json.Key("margin");
  if (answer.margin)
    json.Number(Shown(*answer.margin));
  else
    json.Null();
  json.Key("none_of_these").Bool(answer.none_of_these);
  if (!answer.truncated.empty()) {
    json.Key("truncated").BeginArray();
    for (const std::size_t index : answer.truncated) json.Integer(static_cast<std::int64_t>(index));
    json.EndArray();
  }
  json.Key("cached").BeginObject();
  json.Key("image").Bool(answer.image_cached);
  json.Key("prompts").Integer(static_cast<std::int64_t>(answer.prompts_cached));
  json.EndObject();
}

bool IsAboutPicture(ErrorCode code) {
  return code == ErrorCode::kInvalidArgument || code == ErrorCode::kUnsupported || code == ErrorCode::kTooLarge;
}

Error PictureError(Error error) {
  if (IsAboutPicture(error.code)) error.message = fmt::format("Failed to decode image: {}", error.message);
  return error;
}

Response WithETag(Response response, const Request& request) {
  const std::string tag = TagOf(response.body);
  return WithTag(std::move(response), tag, request);
}

Response WithWeakETag(Response response, std::string_view content, const Request& request) {
  return WithTag(std::move(response), "W/" + TagOf(content), request);
}

double RoundToThousandths(double value) { return std::round(value * 1000) / 1000; }

}  // namespace hailo_clip::http
