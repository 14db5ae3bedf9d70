// The service's own routes: POST /v1/classify, /v1/embed/image, /v1/embed/text.
#include <span>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "http/api/answers.h"
#include "http/api/native_requests.h"
#include "http/api/routes.h"
#include "http/picture_input.h"

namespace hailo_clip::http {
namespace {

// Scores come from float32 cosines: more digits would be false.
float Shown(double value) { return static_cast<float>(value); }

std::string ClassificationBody(const Classification& answer, const ClassifyRequest& request, double inference_ms) {
  const std::vector<std::string>& texts = answer.TextsOf(request);
  JsonWriter json;
  json.BeginObject().Key("classifications").BeginArray();
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
  json.Key("inference_time_ms").Number(RoundToThousandths(inference_ms));
  WriteIdentity(json, answer.model);
  if (answer.label_set != nullptr) json.Key("label_set").String(request.label_set);
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
  json.EndObject().EndObject();
  return std::move(json).Take();
}

std::string EmbeddingsBody(const EmbeddingList& list, bool is_list) {
  JsonWriter json;
  json.BeginObject();
  if (is_list) {
    json.Key("embeddings").BeginArray();
    for (const std::vector<float>& embedding : list.embeddings) json.Floats(embedding);
    json.EndArray();
  } else {
    json.Key("embedding").Floats(list.embeddings.front());
  }
  json.Key("dimension").Integer(list.model.dimension);
  WriteIdentity(json, list.model);
  if (!list.truncated.empty()) {
    json.Key("truncated").BeginArray();
    for (const std::size_t index : list.truncated) json.Integer(static_cast<std::int64_t>(index));
    json.EndArray();
  }
  json.EndObject();
  return std::move(json).Take();
}

Result<Response> Classify(const ApiContext& context, Request& request, const RequestContext& request_context) {
  HC_ASSIGN(ClassifyInput input, ReadClassify(request));
  input.engine.image = BytesOf(input.picture);
  Result<Classification> answer = context.engine.Classify(input.engine, request_context);
  if (!answer) return std::unexpected(PictureError(std::move(answer).error()));
  const double inference_ms = MillisecondsBetween(request.received, context.clock.Now());
  return JsonResponse(ClassificationBody(*answer, input.engine, inference_ms));
}

Result<Response> EmbedImages(const ApiContext& context, Request& request, const RequestContext& request_context) {
  HC_ASSIGN(const EmbedImagesInput input, ReadEmbedImages(request));
  std::vector<std::span<const std::byte>> pictures;
  pictures.reserve(input.pictures.size());
  for (const std::string& picture : input.pictures) pictures.push_back(BytesOf(picture));
  Result<EmbeddingList> list = context.engine.EmbedImages(input.model, pictures, request_context);
  if (!list) return std::unexpected(PictureError(std::move(list).error()));
  return JsonResponse(EmbeddingsBody(*list, input.is_list));
}

Result<Response> EmbedTexts(const ApiContext& context, Request& request, const RequestContext& request_context) {
  HC_ASSIGN(const EmbedTextsInput input, ReadEmbedTexts(request));
  HC_ASSIGN(const EmbeddingList list, context.engine.EmbedTexts(input.model, input.texts, request_context));
  return JsonResponse(EmbeddingsBody(list, input.is_list));
}

}  // namespace

void AddNativeRoutes(Router& router, const ApiContext& context) {
  using Function = Result<Response> (*)(const ApiContext&, Request&, const RequestContext&);
  const auto add = [&](std::string path, Function function, std::vector<BodyKind> accepts) {
    router.Add({.method = "POST",
                .pattern = std::move(path),
                .handler =
                    [context, function](Request& request, const RequestContext& request_context) {
                      return function(context, request, request_context);
                    },
                .runs_on = RunsOn::kWorker,
                .accepts = std::move(accepts)});
  };
  add("/v1/classify", Classify, {BodyKind::kJson, BodyKind::kMultipart, BodyKind::kPicture});
  add("/v1/embed/image", EmbedImages, {BodyKind::kJson, BodyKind::kMultipart, BodyKind::kPicture});
  add("/v1/embed/text", EmbedTexts, {BodyKind::kJson});
}

}  // namespace hailo_clip::http
