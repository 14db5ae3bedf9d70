// GET, PUT and DELETE /v1/label-sets/{name}, GET /v1/label-sets.
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "http/api/answers.h"
#include "http/api/routes.h"
#include "http/fields.h"

namespace hailo_clip::http {
namespace {

constexpr const char* kPrefix = "/v1/label-sets";

// A set that is named in the path and does not exist is a resource that does not exist.
int LabelSetStatus(ErrorCode code) { return code == ErrorCode::kNotFound ? 404 : StatusOf(code); }

const ErrorShape kLabelSetErrors{LabelSetStatus, kNativeErrors.body};

std::string_view StateWord(CompileState state) {
  switch (state) {
    case CompileState::kNotCompiled: return "not compiled";
    case CompileState::kCompiling: return "compiling";
    case CompileState::kCompiled: return "compiled";
    case CompileState::kFailed: return "failed";
  }
  return "failed";
}

// All but the texts.
void WriteSummary(JsonWriter& json, const LabelSetInfo& info) {
  json.Key("name").String(info.name);
  json.Key("count").Integer(static_cast<std::int64_t>(info.set.labels.size()));
  json.Key("shipped").Bool(info.shipped);
  json.Key("state").String(StateWord(info.progress.state));
  if (info.progress.state == CompileState::kCompiling)
    json.Key("labels_done").Integer(static_cast<std::int64_t>(info.progress.labels_done));
  if (!info.progress.error.empty()) json.Key("error").String(info.progress.error);
  if (info.model) WriteIdentity(json, *info.model);
}

// The summary, then the fields as they were put: `set` is one JSON object.
std::string WholeBody(const LabelSetInfo& info) {
  JsonWriter json;
  json.BeginObject();
  WriteSummary(json, info);
  if (!info.progress.truncated.empty()) {
    json.Key("truncated").BeginArray();
    for (const std::size_t index : info.progress.truncated) json.Integer(static_cast<std::int64_t>(index));
    json.EndArray();
  }
  std::string body = std::move(json).Take();
  body += ',';
  body += std::string_view(FormatLabelSet(info.set)).substr(1);  // its fields and its closing brace
  return body;
}

Result<Response> List(const ApiContext& context, Request& /*request*/) {
  JsonWriter json;
  json.BeginObject().Key("label_sets").BeginArray();
  for (const LabelSetInfo& info : context.engine.ListLabelSets()) {
    json.BeginObject();
    WriteSummary(json, info);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return JsonResponse(std::move(json).Take());
}

Result<Response> Show(const ApiContext& context, Request& request) {
  HC_ASSIGN(const LabelSetInfo info, context.engine.ShowLabelSet(request.tail));
  return WithETag(JsonResponse(WholeBody(info)), request);
}

Result<Response> Put(const ApiContext& context, Request& request) {
  HC_TRY(CheckLabelSetName(request.tail));
  HC_ASSIGN(const JsonDocument document, JsonDocument::Parse(request.body));
  HC_TRY(Fields::Of(document, LabelSetFields()));  // near-misses and fields that occur twice
  HC_ASSIGN(const LabelSet set, LabelSetFromJson(document.root()));
  request.DropBody();
  HC_ASSIGN(const bool is_new, context.engine.PutLabelSet(request.tail, set));
  HC_ASSIGN(const LabelSetInfo info, context.engine.ShowLabelSet(request.tail));
  JsonWriter json;
  json.BeginObject();
  WriteSummary(json, info);
  json.EndObject();
  return JsonResponse(std::move(json).Take(), is_new ? 201 : 200);
}

Result<Response> Delete(const ApiContext& context, Request& request) {
  HC_TRY(context.engine.RemoveLabelSet(request.tail));
  return Response{.status = 204, .content_type = {}, .headers = {}, .body = {}};
}

}  // namespace

void AddLabelSetRoutes(Router& router, const ApiContext& context) {
  using Function = Result<Response> (*)(const ApiContext&, Request&);
  const auto add = [&](std::string method, std::string path, Function function) {
    std::vector<BodyKind> accepts;
    if (method == "PUT") accepts = {BodyKind::kJson};
    router.Add(
        {.method = std::move(method),
         .pattern = std::move(path),
         .handler = [context, function](Request& request, const RequestContext&) { return function(context, request); },
         .runs_on = RunsOn::kWorker,
         .accepts = std::move(accepts)});
  };
  const std::string one = std::string(kPrefix) + "/*";
  add("GET", kPrefix, List);
  add("GET", one, Show);
  add("PUT", one, Put);
  add("DELETE", one, Delete);
  router.SetErrors(kPrefix, kLabelSetErrors);
}

}  // namespace hailo_clip::http
