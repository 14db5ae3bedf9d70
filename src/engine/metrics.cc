#include "engine/metrics.h"

#include <array>
#include <string>
#include <tuple>

namespace hailo_clip {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

// From a cached answer on a fast machine to a slow model on a small one.
const Buckets& Seconds() {
  static const Buckets buckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
  return buckets;
}

const Buckets& Inputs() {
  static const Buckets buckets = {1, 2, 4, 8, 16, 32, 64};
  return buckets;
}

prometheus::Family<prometheus::Histogram>& Histograms(prometheus::Registry& registry, const std::string& name,
                                                      const std::string& help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

prometheus::Family<prometheus::Counter>& Counters(prometheus::Registry& registry, const std::string& name,
                                                  const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

}  // namespace

EngineMetrics::EngineMetrics(prometheus::Registry& registry)
    : batch_size_(Histograms(registry, "hailo_clip_batch_size", "Inputs in a batch")),
      queue_seconds_(Histograms(registry, "hailo_clip_queue_seconds", "Time an input waited for the encoder")),
      device_seconds_(Histograms(registry, "hailo_clip_device_seconds", "Time of a batch at the device")),
      busy_seconds_(Counters(registry, "hailo_clip_device_busy_seconds_total",
                             "Time in which the encoder's device had at least one batch")),
      waiting_(prometheus::BuildGauge()
                   .Name("hailo_clip_queue_inputs")
                   .Help("Inputs that wait for the encoder")
                   .Register(registry)),
      dropped_(Counters(registry, "hailo_clip_queue_dropped_total",
                        "Inputs that were dropped from the queue: the client left or the time ran out")),
      lookups_(Counters(registry, "hailo_clip_cache_lookups_total",
                        "Embeddings asked of a cache; joined: another request was computing it")) {
  constexpr std::array kNames = {"parse", "decode", "encode_image", "encode_text", "score"};
  static_assert(kNames.size() == std::tuple_size_v<decltype(stages_)>);
  auto& seconds = Histograms(registry, "hailo_clip_stage_seconds", "Time of a request in a stage");
  for (std::size_t i = 0; i < kNames.size(); ++i) stages_[i] = &seconds.Add({{"stage", kNames[i]}}, Seconds());
}

EncoderMetrics EngineMetrics::Encoder(std::string_view model, std::string_view encoder) const {
  const prometheus::Labels labels = {{"model", std::string(model)}, {"encoder", std::string(encoder)}};
  return {.batch_size = &batch_size_.Add(labels, Inputs()),
          .queue_seconds = &queue_seconds_.Add(labels, Seconds()),
          .device_seconds = &device_seconds_.Add(labels, Seconds()),
          .busy_seconds = &busy_seconds_.Add(labels),
          .waiting = &waiting_.Add(labels),
          .dropped = &dropped_.Add(labels)};
}

CacheMetrics EngineMetrics::Cache(std::string_view cache) const {
  const auto with = [&](std::string result) {
    return &lookups_.Add({{"cache", std::string(cache)}, {"result", std::move(result)}});
  };
  return {.hits = with("hit"), .joined = with("joined"), .misses = with("miss")};
}

}  // namespace hailo_clip
