#include "config/keys.h"

#include <limits>
#include <type_traits>

namespace hailo_clip {
namespace {

enum class Reload { kLive, kRestart };

template <typename Kind>
constexpr bool kIsList =
    std::is_same_v<Kind, Origins> || std::is_same_v<Kind, Folders> || std::is_same_v<Kind, ModelNames>;

template <typename SectionType, typename Kind>
ConfigKey Key(std::string_view name, SectionType Config::* section, typename Kind::Type SectionType::* member,
              const Kind& kind, Reload reload = Reload::kRestart) {
  return {.name = name,
          .is_list = kIsList<Kind>,
          .live = reload == Reload::kLive,
          .set = [section, member, kind](Config& config, const RawValue& raw) -> Status {
            HC_ASSIGN(config.*section.*member, kind.Parse(raw));
            return {};
          },
          .format = [section, member, kind](const Config& config) { return kind.Format(config.*section.*member); }};
}

constexpr std::size_t kKiB = std::size_t{1} << 10U;
constexpr std::size_t kMiB = std::size_t{1} << 20U;
constexpr std::size_t kGiB = std::size_t{1} << 30U;
constexpr int kHour = 3'600;
using Int = WholeNumber<int>;

void AddServer(std::vector<ConfigKey>& keys) {
  constexpr auto at = &Config::server;
  using S = ServerConfig;
  keys.push_back(Key("server.host", at, &S::host, Text{CheckHost}));
  keys.push_back(Key("server.port", at, &S::port, Int{0, 65'535}));
  keys.push_back(Key("server.debug", at, &S::debug, Boolean{}, Reload::kLive));
  keys.push_back(Key("server.allowed_origins", at, &S::allowed_origins, Origins{}, Reload::kLive));
  keys.push_back(Key("server.max_body_bytes", at, &S::max_body_bytes, Bytes{kKiB, 2 * kGiB}));
  keys.push_back(Key("server.max_body_bytes_in_flight", at, &S::max_body_bytes_in_flight, Bytes{kKiB, 64 * kGiB}));
  keys.push_back(Key("server.max_header_bytes", at, &S::max_header_bytes, Bytes{kKiB, kMiB}));
  keys.push_back(Key("server.max_connections", at, &S::max_connections, Int{1, 65'535}));
  keys.push_back(Key("server.io_threads", at, &S::io_threads, Int{1, 64}));
  keys.push_back(Key("server.header_timeout_s", at, &S::header_timeout_s, Int{1, kHour}));
  keys.push_back(Key("server.body_timeout_s", at, &S::body_timeout_s, Int{1, kHour}));
  keys.push_back(Key("server.idle_timeout_s", at, &S::idle_timeout_s, Int{1, kHour}));
  keys.push_back(Key("server.write_timeout_s", at, &S::write_timeout_s, Int{1, kHour}));
  keys.push_back(Key("server.shutdown_timeout_s", at, &S::shutdown_timeout_s, Int{0, kHour}));
  keys.push_back(Key("server.keys_file", at, &S::keys_file, File{}, Reload::kLive));
  keys.push_back(Key("server.rate_limit", at, &S::rate_limit, RealNumber{0, 1e6}, Reload::kLive));
  keys.push_back(Key("server.rate_burst", at, &S::rate_burst, Int{1, 1'000'000}, Reload::kLive));
}

void AddClip(std::vector<ConfigKey>& keys) {
  constexpr auto at = &Config::clip;
  using S = ClipConfig;
  const Choice<IfMissing> if_missing{{{"fail", IfMissing::kFail}, {"starter", IfMissing::kStarter}}};
  keys.push_back(Key("clip.model", at, &S::model, Text{CheckModel}));
  keys.push_back(Key("clip.if_missing", at, &S::if_missing, if_missing));
  keys.push_back(Key("clip.backend", at, &S::backend, Text{CheckBackend}));
  keys.push_back(Key("clip.embedding_dimension", at, &S::embedding_dimension, OrAuto<Int>{{1, 16'384}}));
  keys.push_back(Key("clip.image_size", at, &S::image_size, OrAuto<Int>{{1, 4'096}}));
  keys.push_back(Key("clip.logit_scale", at, &S::logit_scale, OrAuto<RealNumber>{{1e-3, 1e5}}));
  keys.push_back(Key("clip.device", at, &S::device, Int{0, 63}));
  keys.push_back(Key("clip.batch_size", at, &S::batch_size, OrAuto<Int>{{1, 1'024}}));
  keys.push_back(Key("clip.device_timeout_ms", at, &S::device_timeout_ms, Int{1, kHour * 1'000}));
  keys.push_back(Key("clip.simulated_device", at, &S::simulated_device, Text{CheckBackend}));
  keys.push_back(Key("clip.apply_softmax", at, &S::apply_softmax, Boolean{}));
}

void AddText(std::vector<ConfigKey>& keys) {
  constexpr auto at = &Config::text_embedding;
  using S = TextEmbeddingConfig;
  const Choice<TextMode> mode{{{"ondemand", TextMode::kOnDemand}, {"precomputed", TextMode::kPrecomputed}}};
  keys.push_back(Key("text_embedding.mode", at, &S::mode, mode));
  keys.push_back(Key("text_embedding.cache_enabled", at, &S::cache_enabled, Boolean{}));
  keys.push_back(
      Key("text_embedding.cache_max_entries", at, &S::cache_max_entries, WholeNumber<std::size_t>{0, 10'000'000}));
}

void AddImage(std::vector<ConfigKey>& keys) {
  constexpr auto at = &Config::image;
  using S = ImageConfig;
  keys.push_back(Key("image.max_pixels", at, &S::max_pixels, WholeNumber<std::int64_t>{1, 1'000'000'000}));
  keys.push_back(Key("image.decode_timeout_ms", at, &S::decode_timeout_ms, Int{1, kHour * 1'000}));
  keys.push_back(Key("image.apply_orientation", at, &S::apply_orientation, Boolean{}));
  const Choice<Transparency> transparency{{{"white", Transparency::kWhite}, {"drop", Transparency::kDrop}}};
  keys.push_back(Key("image.transparency", at, &S::transparency, transparency));
  const Choice<Gray16> gray16{{{"high_byte", Gray16::kHighByte}, {"clip", Gray16::kClip}}};
  keys.push_back(Key("image.gray16", at, &S::gray16, gray16));
  const Choice<JpegScaling> scaling{{{"exact", JpegScaling::kExact}, {"fast", JpegScaling::kFast}}};
  keys.push_back(Key("image.jpeg_scaling", at, &S::jpeg_scaling, scaling));
  keys.push_back(Key("image.cache_max_bytes", at, &S::cache_max_bytes, Bytes{0, 64 * kGiB}));
}

void AddPerformance(std::vector<ConfigKey>& keys) {
  constexpr auto at = &Config::performance;
  using S = PerformanceConfig;
  keys.push_back(Key("performance.worker_threads", at, &S::worker_threads, Int{1, 256}));
  keys.push_back(Key("performance.max_queue_size", at, &S::max_queue_size, Int{1, 100'000}));
  keys.push_back(Key("performance.request_timeout", at, &S::request_timeout, Int{1, kHour}));
  keys.push_back(Key("performance.warmup_enabled", at, &S::warmup_enabled, Boolean{}));
  keys.push_back(Key("performance.warmup_iterations", at, &S::warmup_iterations, Int{0, 1'000}));
  keys.push_back(Key("performance.map_weights", at, &S::map_weights, Boolean{}));
  keys.push_back(Key("performance.encoder_threads", at, &S::encoder_threads, Int{0, 256}));
}

void AddRest(std::vector<ConfigKey>& keys) {
  constexpr auto at = &Config::resource_limits;
  keys.push_back(Key("resource_limits.memory_max", at, &ResourceLimitsConfig::memory_max, Text{CheckMemoryMax}));
  keys.push_back(Key("resource_limits.cpu_quota", at, &ResourceLimitsConfig::cpu_quota, Text{CheckCpuQuota}));
  keys.push_back(Key("logging.level", &Config::logging, &LoggingConfig::level, LogLevelWord{}, Reload::kLive));
  keys.push_back(Key("logging.format", &Config::logging, &LoggingConfig::format, LogFormatWord{}));
  keys.push_back(Key("models.load", &Config::models, &ModelsConfig::load, ModelNames{}));
  keys.push_back(Key("models.max_memory", &Config::models, &ModelsConfig::max_memory, Bytes{0, 1024 * kGiB}));
  keys.push_back(Key("models.dirs", &Config::models, &ModelsConfig::dirs, Folders{}));
  keys.push_back(Key("label_sets.dir", &Config::label_sets, &LabelSetsConfig::dir, Folder{}));
  keys.push_back(
      Key("label_sets.max_memory", &Config::label_sets, &LabelSetsConfig::max_memory, Bytes{0, 1024 * kGiB}));
}

std::vector<ConfigKey> MakeKeys() {
  std::vector<ConfigKey> keys;
  AddServer(keys);
  AddClip(keys);
  AddText(keys);
  AddImage(keys);
  AddPerformance(keys);
  AddRest(keys);
  return keys;
}

}  // namespace

std::string ConfigKey::variable() const {
  std::string variable = "HAILO_CLIP_";
  for (const char c : name)
    variable += c == '.' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c);
  return variable;
}

const std::vector<ConfigKey>& ConfigKeys() {
  static const std::vector<ConfigKey> keys = MakeKeys();
  return keys;
}

}  // namespace hailo_clip
