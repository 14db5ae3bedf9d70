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

std::string ClassificationBody(const Classification& answer, const ClassifyRequest& request, double inference_ms) {
  JsonWriter json;
  json.BeginObject();
  WriteClassifications(json, answer, request);
  json.Key("inference_time_ms").Number(RoundToThousandths(inference_ms));
  WriteIdentity(json, answer.model);
  if (answer.label_set != nullptr) json.Key("label_set").String(request.label_set);
  WriteVerdict(json, answer);
  json.EndObject();
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

// Equal inputs have byte-identical answers, so the body is what its ETag is made of.
Response EmbeddingsAnswer(const EmbeddingList& list, bool is_list, const Request& request) {
  return WithETag(JsonResponse(EmbeddingsBody(list, is_list)), request);
}

// Its ETag leaves out what differs from time to time: how long it took and whether the picture was in the cache.
Response LabelSetAnswer(Response response, Classification answer, const ClassifyRequest& classify,
                        const Request& request) {
  answer.image_cached = false;
  return WithWeakETag(std::move(response), ClassificationBody(answer, classify, 0), request);
}

RequestContext With(RequestContext context, Priority priority) {
  context.priority = priority;
  return context;
}

// Reads a request and observes how long that takes.
template <typename Input>
Result<Input> Timed(Result<Input> (*read)(Request&), const ApiContext& context, Request& request) {
  const StageTimer timer(context.engine.metrics().Of(Stage::kParse), context.clock);
  return read(request);
}

Result<Response> Classify(const ApiContext& context, Request& request, const RequestContext& request_context) {
  HC_ASSIGN(ClassifyInput input, Timed(ReadClassify, context, request));
  input.engine.image = BytesOf(input.picture);
  Result<Classification> answer = context.engine.Classify(input.engine, With(request_context, input.priority));
  if (!answer) return std::unexpected(PictureError(std::move(answer).error()));
  const double inference_ms = MillisecondsBetween(request.received, context.clock.Now());
  Response response = JsonResponse(ClassificationBody(*answer, input.engine, inference_ms));
  if (answer->label_set == nullptr) return response;
  return LabelSetAnswer(std::move(response), *std::move(answer), input.engine, request);
}

Result<Response> EmbedImages(const ApiContext& context, Request& request, const RequestContext& request_context) {
  HC_ASSIGN(const EmbedImagesInput input, Timed(ReadEmbedImages, context, request));
  std::vector<std::span<const std::byte>> pictures;
  pictures.reserve(input.pictures.size());
  for (const std::string& picture : input.pictures) pictures.push_back(BytesOf(picture));
  Result<EmbeddingList> list = context.engine.EmbedImages(input.model, pictures, With(request_context, input.priority));
  if (!list) return std::unexpected(PictureError(std::move(list).error()));
  return EmbeddingsAnswer(*list, input.is_list, request);
}

Result<Response> EmbedTexts(const ApiContext& context, Request& request, const RequestContext& request_context) {
  HC_ASSIGN(const EmbedTextsInput input, Timed(ReadEmbedTexts, context, request));
  HC_ASSIGN(const EmbeddingList list,
            context.engine.EmbedTexts(input.model, input.texts, With(request_context, input.priority)));
  return EmbeddingsAnswer(list, input.is_list, request);
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
