// The service's configuration as plain structs; defaults are the members' initialisers.
// Meaning of every key: packaging/hailo-clip.yaml, which is the commented default file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"

namespace hailo_clip {

enum class IfMissing { kFail, kStarter };
enum class Transparency { kWhite, kDrop };
enum class Gray16 { kHighByte, kClip };
enum class JpegScaling { kExact, kFast };
enum class TextMode { kOnDemand, kPrecomputed };

struct ServerConfig {
  std::string host = "127.0.0.1";  // the packaged file says 0.0.0.0, as the original did
  int port = 5000;
  bool debug = false;                        // debug logs, nothing else
  std::vector<std::string> allowed_origins;  // besides same-origin; API.md section 1
  std::size_t max_body_bytes = std::size_t{32} << 20U;
  std::size_t max_body_bytes_in_flight = std::size_t{256} << 20U;  // over all connections
  std::size_t max_header_bytes = std::size_t{16} << 10U;
  int max_connections = 256;
  int io_threads = 1;
  int header_timeout_s = 10;  // for a complete header, and between keep-alive requests: idle_timeout_s
  int body_timeout_s = 30;    // for a complete body
  int idle_timeout_s = 60;
  int write_timeout_s = 30;     // for a client that does not read its answer
  int shutdown_timeout_s = 20;  // bound of the drain at stop; below the unit's TimeoutStopSec of 30
  std::filesystem::path keys_file = "/var/lib/hailo-clip/keys";  // of API keys; not there: nobody needs one
  double rate_limit = 0;  // requests a second of each API key, and of each address without one; 0: no limit
  int rate_burst = 20;    // requests at once, before rate_limit counts
};

struct ClipConfig {
  std::string model = "auto";
  IfMissing if_missing = IfMissing::kFail;
  std::string backend = "onnx";
  std::optional<int> embedding_dimension;  // only compared with the model's; a mismatch is a warning
  std::optional<int> image_size;           // likewise
  std::optional<double> logit_scale;       // likewise
  int device = 0;
  std::optional<int> batch_size;  // nullopt: auto
  int device_timeout_ms = 5000;
  std::string simulated_device = "clip_vit_b_32";  // backend simulated: whose published times
  bool apply_softmax = true;
};

struct TextEmbeddingConfig {
  TextMode mode = TextMode::kOnDemand;
  bool cache_enabled = true;
  std::size_t cache_max_entries = 1000;
};

struct ImageConfig {
  std::int64_t max_pixels = 64'000'000;
  int decode_timeout_ms = 10'000;
  bool apply_orientation = true;
  Transparency transparency = Transparency::kWhite;
  Gray16 gray16 = Gray16::kHighByte;
  JpegScaling jpeg_scaling = JpegScaling::kExact;
  std::size_t cache_max_bytes = std::size_t{16} << 20U;  // of embeddings of pictures seen before; 0: none are kept
};

struct PerformanceConfig {
  int worker_threads = 2;
  int max_queue_size = 10;
  int request_timeout = 30;  // seconds, includes queueing
  bool warmup_enabled = false;
  int warmup_iterations = 3;
  bool map_weights = false;  // of the CPU backend: from the page cache instead of a copy
  int encoder_threads = 0;   // threads of the CPU backend; 0: the physical cores
};

struct ResourceLimitsConfig {
  std::string memory_max = "3G";  // for the installer's systemd drop-in; only the form is checked here
  std::string cpu_quota;
};

struct LoggingConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kJson;
};

struct ModelsConfig {
  std::vector<std::string> load;  // besides clip.model: names that requests may ask for
  std::size_t max_memory = 0;     // bytes, for those of `load` together; 0: no limit
  std::vector<std::filesystem::path> dirs;
};

struct LabelSetsConfig {
  std::filesystem::path dir;  // empty: beside the user's models, else /var/lib/hailo-clip/label-sets
  std::size_t max_memory = std::size_t{256} << 20U;  // bytes of compiled sets that stay in memory
};

struct Config {
  ServerConfig server;
  ClipConfig clip;
  TextEmbeddingConfig text_embedding;
  ImageConfig image;
  PerformanceConfig performance;
  ResourceLimitsConfig resource_limits;
  LoggingConfig logging;
  ModelsConfig models;
  LabelSetsConfig label_sets;
};

}  // namespace hailo_clip
