// POST /v1/classify/batch: several pictures, one set of prompts; answered whole, or a line each as it is ready.
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "base/parallel_for.h"
#include "http/api/answers.h"
#include "http/api/native_requests.h"
#include "http/api/routes.h"
#include "http/picture_input.h"

namespace hailo_clip::http {
namespace {

constexpr std::string_view kLines = "application/x-ndjson";

struct Batch {
  ClassifyBatchInput input;
  EncodedPrompts prompts;
  RequestContext context;
  SteadyTime received;
  std::size_t failed = 0;  // written under ClassifyAll's mutex
};

// One result as a JSON object. What is wrong with the picture is a result too; an Error is the service's.
Result<std::string> ResultFor(const ApiContext& context, Batch& batch, std::size_t index, bool& failed) {
  const Result<std::string> picture = std::exchange(batch.input.pictures[index], std::string());  // freed at the end
  JsonWriter json;
  json.BeginObject().Key("index").Integer(static_cast<std::int64_t>(index));
  Result<Classification> answer = std::unexpected(picture.has_value() ? Error() : picture.error());
  if (picture) answer = context.engine.ClassifyOne(batch.input.engine, batch.prompts, BytesOf(*picture), batch.context);
  failed = !answer;
  if (answer) {
    WriteClassifications(json, *answer, batch.input.engine);
    WriteVerdict(json, *answer);
  } else {
    // A picture that takes too long to decode is a bad picture, as long as the request itself has time left.
    const bool took_too_long =
        answer.error().code == ErrorCode::kDeadlineExceeded && context.clock.Now() < batch.context.deadline;
    if (!IsAboutPicture(answer.error().code) && !took_too_long) return std::unexpected(std::move(answer).error());
    json.Key("error").String(picture ? PictureError(std::move(answer).error()).message : answer.error().message);
  }
  json.EndObject();
  return std::move(json).Take();
}

// Hands on each result as it is ready, one at a time. All pictures wait at the encoder together, a thread each, so that
// they form batches there. `take` says false if nobody wants more.
Status ClassifyAll(const ApiContext& context, Batch& batch,
                   const std::function<bool(std::size_t index, std::string result)>& take) {
  std::mutex mutex;
  Status status;
  ParallelFor(batch.input.pictures.size(), context.engine.PicturesAtOnce(), [&](std::size_t index) {
    bool failed = false;
    Result<std::string> result = ResultFor(context, batch, index, failed);
    const std::lock_guard lock(mutex);
    if (!status) return false;
    if (failed) ++batch.failed;
    if (!result)
      status = std::unexpected(std::move(result).error());
    else if (!take(index, *std::move(result)))
      status =
          batch.context.cancelled.stop_requested()
              ? Fail(ErrorCode::kCancelled, "the client is gone")
              : Fail(ErrorCode::kDeadlineExceeded, "the request took longer than performance.request_timeout allows");
    return status.has_value();
  });
  return status;
}

// The keys that tell of the whole request.
void WriteSummary(JsonWriter& json, const ApiContext& context, const Batch& batch) {
  json.Key("count").Integer(static_cast<std::int64_t>(batch.input.pictures.size()));
  json.Key("failed").Integer(static_cast<std::int64_t>(batch.failed));
  json.Key("inference_time_ms").Number(RoundToThousandths(MillisecondsBetween(batch.received, context.clock.Now())));
  WriteIdentity(json, batch.prompts.serving.identity);
  if (!batch.input.engine.label_set.empty()) json.Key("label_set").String(batch.input.engine.label_set);
}

Result<Response> AnswerWhole(const ApiContext& context, Batch& batch) {
  std::vector<std::string> results(batch.input.pictures.size());
  HC_TRY(ClassifyAll(context, batch, [&](std::size_t index, std::string result) {
    results[index] = std::move(result);
    return true;
  }));
  JsonWriter json;
  json.BeginObject().Key("results").BeginArray();
  for (const std::string& result : results) json.Raw(result);
  json.EndArray();
  WriteSummary(json, context, batch);
  json.EndObject();
  return JsonResponse(std::move(json).Take());
}

Response AnswerInLines(const ApiContext& context, const std::shared_ptr<Batch>& batch) {
  Response response{.content_type = std::string(kLines)};
  response.stream = [context, batch](const BodyWriter& write) -> Result<std::string> {
    HC_TRY(ClassifyAll(context, *batch, [&](std::size_t, std::string result) { return write(result + "\n"); }));
    JsonWriter json;
    json.BeginObject();
    WriteSummary(json, context, *batch);
    json.EndObject();
    return std::move(json).Take() + "\n";
  };
  return response;
}

Result<Response> ClassifyBatch(const ApiContext& context, Request& request, const RequestContext& request_context) {
  HC_ASSIGN(ClassifyBatchInput input, ReadClassifyBatch(request));
  RequestContext of_batch = request_context;
  of_batch.priority = input.priority;
  HC_ASSIGN(EncodedPrompts prompts, context.engine.StartMany(input.engine, of_batch));
  const auto batch = std::make_shared<Batch>(Batch{
      .input = std::move(input), .prompts = std::move(prompts), .context = of_batch, .received = request.received});
  if (Accepts(request.accept, kLines)) return AnswerInLines(context, batch);
  return AnswerWhole(context, *batch);
}

}  // namespace

void AddBatchRoutes(Router& router, const ApiContext& context) {
  router.Add({.method = "POST",
              .pattern = "/v1/classify/batch",
              .handler =
                  [context](Request& request, const RequestContext& request_context) {
                    return ClassifyBatch(context, request, request_context);
                  },
              .runs_on = RunsOn::kWorker,
              .accepts = {BodyKind::kJson, BodyKind::kMultipart}});
}

}  // namespace hailo_clip::http
