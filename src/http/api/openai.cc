// OpenAI's dialect: GET /v1/models, GET /v1/models/{id}, POST /v1/embeddings (also without /v1, as Infinity has it).
#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/json_writer.h"
#include "http/api/answers.h"
#include "http/api/openai_request.h"
#include "http/api/routes.h"
#include "http/picture_input.h"

namespace hailo_clip::http {
namespace {

static_assert(std::endian::native == std::endian::little, "base64 embeddings are little-endian float32");

constexpr std::string_view kFieldPrefix = "field '";
constexpr std::array<const char*, 7> kErrorPrefixes{"/v1/models",      "/v1/embeddings", "/embeddings", "/v1/chat",
                                                    "/v1/completions", "/v1/responses",  "/v1/images"};

int OpenAiStatus(ErrorCode code) { return code == ErrorCode::kNotFound ? 404 : StatusOf(code); }

std::string_view ErrorType(int status) {
  if (status == 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

// The field that a message begins with: "field 'input'[2] must ..." is about input.
std::optional<std::string_view> ParameterOf(std::string_view message) {
  if (!message.starts_with(kFieldPrefix)) return std::nullopt;
  message.remove_prefix(kFieldPrefix.size());
  return message.substr(0, message.find('\''));
}

std::optional<std::string_view> CodeOf(int status, std::optional<ErrorCode> code) {
  if (code == ErrorCode::kNotFound) return "model_not_found";
  if (status == 401) return "invalid_api_key";
  if (status == 404) return "unknown_url";
  if (status == 429) return "rate_limit_exceeded";
  return std::nullopt;
}

std::string ErrorBody(int status, std::optional<ErrorCode> code, std::string_view message) {
  JsonWriter json;
  const auto optional_string = [&json](std::string_view key, std::optional<std::string_view> value) {
    json.Key(key);
    if (value)
      json.String(*value);
    else
      json.Null();
  };
  json.BeginObject().Key("error").BeginObject();
  json.Key("message").String(message);
  json.Key("type").String(ErrorType(status));
  optional_string("param", code == ErrorCode::kNotFound ? "model" : ParameterOf(message));
  optional_string("code", CodeOf(status, code));
  json.EndObject().EndObject();
  return std::move(json).Take();
}

constexpr ErrorShape kOpenAiErrors{OpenAiStatus, ErrorBody};

void WriteModel(JsonWriter& json, std::string_view id, const ModelIdentity& model, const ApiContext& context) {
  json.BeginObject();
  json.Key("id").String(id);
  json.Key("object").String("model");
  json.Key("created").Integer(context.created);
  json.Key("owned_by").String("hailo-clip");
  json.Key("architecture").BeginObject().Key("input_modalities").BeginArray();
  json.String("text").String("image").EndArray().EndObject();
  if (model.dimension > 0)  // known since the model was loaded first
    json.Key("meta").BeginObject().Key("n_embd").Integer(model.dimension).EndObject();
  json.EndObject();
}

Result<Response> ListModels(const ApiContext& context, Request& /*request*/, const RequestContext& /*context*/) {
  JsonWriter json;
  json.BeginObject().Key("object").String("list").Key("data").BeginArray();
  for (const ModelIdentity& model : context.engine.ServedModels()) WriteModel(json, model.name, model, context);
  json.EndArray().EndObject();
  return JsonResponse(std::move(json).Take());
}

Result<Response> ShowModel(const ApiContext& context, Request& request, const RequestContext& /*context*/) {
  for (const ModelIdentity& model : context.engine.ServedModels()) {
    if (request.tail != model.name && request.tail != model.requested_model) continue;
    JsonWriter json;
    WriteModel(json, request.tail, model, context);
    return JsonResponse(std::move(json).Take());
  }
  return Fail(ErrorCode::kNotFound, "model '{}' is not served; GET /v1/models lists those that are", request.tail);
}

struct Embedded {
  ModelIdentity model;
  std::vector<std::vector<float>> embeddings;  // in the order of the inputs
  std::size_t tokens = 0;
};

// Texts in one call, pictures in another; then back in the order asked.
Result<Embedded> EmbedAll(Engine& engine, const EmbeddingsInput& input, const RequestContext& context) {
  std::vector<std::string> texts;
  std::vector<std::span<const std::byte>> pictures;
  for (const auto& member : input.inputs) {
    if (const auto* text = std::get_if<TextInput>(&member)) texts.push_back(text->text);
    if (const auto* picture = std::get_if<PictureInput>(&member)) pictures.push_back(BytesOf(picture->bytes));
  }
  EmbeddingList of_texts, of_pictures;
  if (!pictures.empty()) {
    Result<EmbeddingList> list = engine.EmbedImages(input.model, pictures, context);
    if (!list) return std::unexpected(PictureError(std::move(list).error()));
    of_pictures = *std::move(list);
  }
  if (!texts.empty()) {
    HC_ASSIGN(of_texts, engine.EmbedTexts(input.model, texts, context));
  }
  Embedded result{
      .model = texts.empty() ? of_pictures.model : of_texts.model, .embeddings = {}, .tokens = of_texts.tokens};
  std::size_t next_text = 0, next_picture = 0;
  for (const auto& member : input.inputs) {
    const bool is_text = std::holds_alternative<TextInput>(member);
    std::vector<float>& embedding =
        is_text ? of_texts.embeddings.at(next_text++) : of_pictures.embeddings.at(next_picture++);
    result.embeddings.push_back(std::move(embedding));
  }
  return result;
}

Result<Response> Embeddings(const ApiContext& context, Request& request, const RequestContext& request_context) {
  HC_ASSIGN(const EmbeddingsInput input, ReadEmbeddings(request));
  HC_ASSIGN(const Embedded embedded, EmbedAll(context.engine, input, request_context));
  JsonWriter json;
  json.BeginObject().Key("object").String("list").Key("data").BeginArray();
  for (std::size_t i = 0; i < embedded.embeddings.size(); ++i) {
    json.BeginObject();
    json.Key("object").String("embedding");
    json.Key("index").Integer(static_cast<std::int64_t>(i));
    json.Key("embedding");
    if (input.base64)
      json.String(EncodeBase64(std::as_bytes(std::span(embedded.embeddings[i]))));
    else
      json.Floats(embedded.embeddings[i]);
    json.EndObject();
  }
  json.EndArray();
  WriteIdentity(json, embedded.model);
  const auto tokens = static_cast<std::int64_t>(embedded.tokens);
  json.Key("usage").BeginObject();
  json.Key("prompt_tokens").Integer(tokens);
  json.Key("total_tokens").Integer(tokens);
  json.EndObject().EndObject();
  return JsonResponse(std::move(json).Take());
}

}  // namespace

void AddOpenAiRoutes(Router& router, const ApiContext& context) {
  using Function = Result<Response> (*)(const ApiContext&, Request&, const RequestContext&);
  const auto add = [&](std::string method, std::string path, Function function) {
    const bool reads = method == "GET";
    router.Add({.method = std::move(method),
                .pattern = std::move(path),
                .handler =
                    [context, function](Request& request, const RequestContext& request_context) {
                      return function(context, request, request_context);
                    },
                .runs_on = reads ? RunsOn::kIoThread : RunsOn::kWorker,
                .accepts = reads ? std::vector<BodyKind>() : std::vector{BodyKind::kJson}});
  };
  add("GET", "/v1/models", ListModels);
  add("GET", "/v1/models/*", ShowModel);
  add("POST", "/v1/embeddings", Embeddings);
  add("POST", "/embeddings", Embeddings);
  for (const char* prefix : kErrorPrefixes) router.SetErrors(prefix, kOpenAiErrors);
}

}  // namespace hailo_clip::http
