// GET /health, /health/live, /health/ready: the truth about the model, as the golden self-test found it.
#include <string_view>

#include "base/json_writer.h"
#include "http/api/answers.h"
#include "http/api/routes.h"

namespace hailo_clip::http {
namespace {

std::string_view StatusWord(HealthState state) {
  switch (state) {
    case HealthState::kStarting: return "starting";
    case HealthState::kHealthy: return "healthy";
    case HealthState::kUnhealthy: return "unhealthy";
  }
  return "unhealthy";
}

std::string_view StateWord(PooledState state) {
  switch (state) {
    case PooledState::kUnloaded: return "unloaded";
    case PooledState::kLoading: return "loading";
    case PooledState::kLoaded: return "loaded";
    case PooledState::kFailed: return "failed";
  }
  return "failed";
}

// The models of models.load. They do not decide the status: a request that names one that failed gets the reason.
void WriteOthers(JsonWriter& json, const std::vector<PooledModel>& others) {
  json.Key("models").BeginArray();
  for (const PooledModel& other : others) {
    json.BeginObject().Key("name").String(other.name).Key("state").String(StateWord(other.state));
    if (!other.identity.fingerprint.empty()) json.Key("fingerprint").String(other.identity.fingerprint);
    if (other.bytes > 0) json.Key("memory_bytes").Integer(static_cast<std::int64_t>(other.bytes));
    if (!other.reason.empty()) json.Key("error").String(other.reason);
    json.EndObject();
  }
  json.EndArray();
}

std::string HealthBody(const Health& health, const ApiContext& context) {
  JsonWriter json;
  json.BeginObject();
  json.Key("status").String(StatusWord(health.state));
  json.Key("service").String("hailo-clip");
  json.Key("model_loaded").Bool(health.state == HealthState::kHealthy);
  if (health.model) {
    WriteIdentity(json, *health.model);
    json.Key("dimension").Integer(health.model->dimension);
  }
  json.Key("version").String(context.version);
  json.Key("uptime_s").Number(RoundToThousandths(MillisecondsBetween(context.started, context.clock.Now()) / 1000));
  json.Key("self_test").BeginObject().Key("passed").Bool(health.self_test_passed).Key("min_cosine");
  if (health.self_test_min_cosine)
    json.Number(*health.self_test_min_cosine);
  else
    json.Null();
  json.EndObject();
  if (!health.others.empty()) WriteOthers(json, health.others);
  if (!health.reason.empty()) json.Key("error").String(health.reason);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace

void AddHealthRoutes(Router& router, const ApiContext& context) {
  const auto add = [&](std::string path, bool liveness) {
    router.Add({.method = "GET",
                .pattern = std::move(path),
                .handler = [context, liveness](Request&, const RequestContext&) -> Result<Response> {
                  const Health health = context.engine.health();
                  // Alive is who answers, unless only a restart can help.
                  const bool good =
                      liveness ? health.state != HealthState::kUnhealthy : health.state == HealthState::kHealthy;
                  return JsonResponse(HealthBody(health, context), good ? 200 : 503);
                },
                .runs_on = RunsOn::kIoThread,
                .accepts = {},
                .quiet = true,
                .open = true});
  };
  add("/health", false);
  add("/health/ready", false);
  add("/health/live", true);
}

}  // namespace hailo_clip::http
