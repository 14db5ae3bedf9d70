// GET /metrics for Prometheus, GET /v1/stats with the same numbers for people.
#include <prometheus/gauge.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "base/process_memory.h"
#include "http/api/answers.h"
#include "http/api/routes.h"

namespace hailo_clip::http {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

// What is read off when somebody asks, rather than counted as it happens.
class Gauges {
 public:
  explicit Gauges(const ApiContext& context)
      : context_(context),
        ready_(Add("hailo_clip_ready", "1 if the model is loaded and its self-test passed").Add({})),
        uptime_(Add("hailo_clip_uptime_seconds", "Time since the start").Add({})),
        resident_(Add("hailo_clip_memory_resident_bytes", "Memory of the process, mapped weights included").Add({})),
        anonymous_(Add("hailo_clip_memory_anonymous_bytes", "Memory of the process that no file backs").Add({})),
        info_(Add("hailo_clip_model_info", "1 for the main model; its labels name it")),
        entries_(Add("hailo_clip_cache_entries", "Embeddings in a cache")),
        bytes_(Add("hailo_clip_cache_bytes", "Memory of a cache")) {}

  void Read() {
    const Health health = context_.engine.health();
    ready_.Set(health.state == HealthState::kHealthy ? 1 : 0);
    uptime_.Set(MillisecondsBetween(context_.started, context_.clock.Now()) / 1000);
    resident_.Set(static_cast<double>(ProcessMemory("VmRSS")));
    anonymous_.Set(static_cast<double>(ProcessMemory("RssAnon")));
    if (health.model)
      info_
          .Add({{"model", health.model->name},
                {"fingerprint", health.model->fingerprint},
                {"backend", health.model->backend},
                {"version", context_.version}})
          .Set(1);
    ReadCache("text", context_.engine.text_cache());
    ReadCache("image", context_.engine.picture_cache());
  }

 private:
  using Family = prometheus::Family<prometheus::Gauge>;

  [[nodiscard]] Family& Add(const std::string& name, const std::string& help) const {
    return prometheus::BuildGauge().Name(name).Help(help).Register(*context_.registry);
  }

  void ReadCache(const std::string& name, const EmbeddingCache& cache) {
    entries_.Add({{"cache", name}}).Set(static_cast<double>(cache.size()));
    bytes_.Add({{"cache", name}}).Set(static_cast<double>(cache.bytes()));
  }

  const ApiContext context_;
  prometheus::Gauge& ready_;
  prometheus::Gauge& uptime_;
  prometheus::Gauge& resident_;
  prometheus::Gauge& anonymous_;
  Family& info_;
  Family& entries_;
  Family& bytes_;
};

// The quantile by linear interpolation inside its bucket, as Prometheus' histogram_quantile does it; what lies beyond
// the last bound counts as that bound.
double Quantile(const ClientMetric::Histogram& histogram, double quantile) {
  const double rank = quantile * static_cast<double>(histogram.sample_count);
  double lower = 0, below = 0;
  for (const ClientMetric::Bucket& bucket : histogram.bucket) {
    const auto count = static_cast<double>(bucket.cumulative_count);
    if (std::isinf(bucket.upper_bound)) return lower;
    if (count >= rank && count > below) return lower + (bucket.upper_bound - lower) * (rank - below) / (count - below);
    lower = bucket.upper_bound;
    below = count;
  }
  return lower;
}

void WriteHistogram(JsonWriter& json, const ClientMetric::Histogram& histogram) {
  const auto count = static_cast<double>(histogram.sample_count);
  json.Key("count").Integer(static_cast<std::int64_t>(histogram.sample_count));
  json.Key("sum").Number(histogram.sample_sum);
  if (count == 0) return;
  json.Key("mean").Number(histogram.sample_sum / count);
  json.Key("p50").Number(Quantile(histogram, 0.5));
  json.Key("p99").Number(Quantile(histogram, 0.99));
}

std::string StatsBody(const std::vector<MetricFamily>& families) {
  std::map<std::string, const MetricFamily*> by_name;
  for (const MetricFamily& family : families) by_name.emplace(family.name, &family);
  JsonWriter json;
  json.BeginObject();
  for (const auto& [name, family] : by_name) {
    json.Key(name).BeginArray();
    for (const ClientMetric& metric : family->metric) {
      json.BeginObject();
      for (const auto& label : metric.label) json.Key(label.name).String(label.value);
      switch (family->type) {
        case prometheus::MetricType::Histogram: WriteHistogram(json, metric.histogram); break;
        case prometheus::MetricType::Counter: json.Key("value").Number(metric.counter.value); break;
        default: json.Key("value").Number(metric.gauge.value);
      }
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace

void AddOperationsRoutes(Router& router, const ApiContext& context) {
  const auto gauges = std::make_shared<Gauges>(context);
  const auto collect = [registry = context.registry, gauges] {
    gauges->Read();
    return registry->Collect();
  };
  const auto add = [&](std::string path, Handler handler) {
    router.Add({.method = "GET",
                .pattern = std::move(path),
                .handler = std::move(handler),
                .runs_on = RunsOn::kIoThread,
                .accepts = {},
                .quiet = true});
  };
  add("/metrics", [collect](Request&, const RequestContext&) -> Result<Response> {
    return Response{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                    .headers = {},
                    .body = prometheus::TextSerializer().Serialize(collect())};
  });
  add("/v1/stats",
      [collect](Request&, const RequestContext&) -> Result<Response> { return JsonResponse(StatsBody(collect())); });
}

}  // namespace hailo_clip::http
