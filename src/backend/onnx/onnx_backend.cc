#include "backend/onnx/onnx_backend.h"

#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "backend/onnx/graph.h"
#include "backend/onnx/onnx_encoder.h"

namespace hailo_clip {
namespace {

// A larger batch is faster up to about here on the CPUs that were tried; beyond, it only adds latency.
constexpr int kImageBatch = 8;
constexpr int kTextBatch = 32;

// Cores, not hardware threads: two threads of one core share the vector units that the encoders need.
int PhysicalCores() {
  std::set<std::string> cores;
  const int logical = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  for (int cpu = 0; cpu < logical; ++cpu) {
    std::ifstream siblings(fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu));
    std::string line;
    if (std::getline(siblings, line)) cores.insert(line);
  }
  return cores.empty() ? logical : static_cast<int>(cores.size());
}

void LogFromRuntime(void* logger, OrtLoggingLevel severity, const char* /*category*/, const char* /*log_id*/,
                    const char* /*code_location*/, const char* message) {
  const auto& log = *static_cast<const Logger*>(logger);
  if (severity >= ORT_LOGGING_LEVEL_ERROR) {
    log.Warning("onnx runtime", {{"detail", message}});
  } else {
    log.Debug("onnx runtime", {{"detail", message}});
  }
}

constexpr std::string_view kMaskName = "attention_mask";

bool IsMask(const std::string& name, const EncoderFile& text) {
  return name == kMaskName || name == text.attention_mask;
}

bool IsInteger(const GraphTensor& tensor) {
  return tensor.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 || tensor.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
}

// [1, 3, S, S] where the graph leaves axes open.
std::vector<std::int64_t> PictureShape(std::vector<std::int64_t> shape, int size) {
  const std::array<std::int64_t, 4> least = {1, 3, size, size};
  for (std::size_t i = 0; i < std::min(shape.size(), least.size()); ++i)
    if (IsDynamic(shape[i])) shape[i] = least[i];
  return shape;
}

// What the graph fixes of an input that is fed a stand-in must be of a reasonable size.
Status CheckStandIn(const OtherSideInput& input) {
  constexpr std::int64_t most = std::int64_t{1} << 26U;
  std::int64_t count = 1;
  for (const std::int64_t axis : input.shape) {
    if (axis == 0 || axis > most / count)
      return Fail(ErrorCode::kBadModel, "input '{}' has the shape {}", input.name, FormatShape(input.shape));
    if (!IsDynamic(axis)) count *= axis;
  }
  return {};
}

class OnnxBackend final : public Backend {
 public:
  OnnxBackend(const BackendOptions& options, const Logger& logger)
      : options_(options), threads_(options.threads > 0 ? options.threads : PhysicalCores()) {
    env_ = Ort::Env(ORT_LOGGING_LEVEL_WARNING, "hailo-clip", &LogFromRuntime, const_cast<Logger*>(&logger));
    env_.DisableTelemetryEvents();
  }

  [[nodiscard]] Result<std::unique_ptr<Encoder>> CreateEncoder(EncoderKind kind, const Manifest& manifest,
                                                               const std::filesystem::path& folder) override {
    const auto files = manifest.encoders.find("onnx");
    const std::optional<EncoderFile>* file = nullptr;
    if (files != manifest.encoders.end())
      file = kind == EncoderKind::kImage ? &files->second.image : &files->second.text;
    if (file == nullptr || !file->has_value())
      return Fail(ErrorCode::kBadModel, "model '{}' has no {} encoder for the backend 'onnx'", manifest.name,
                  kind == EncoderKind::kImage ? "image" : "text");
    HC_ASSIGN(const std::shared_ptr<Graph> graph, Open(folder / (*file)->file));
    auto encoder = kind == EncoderKind::kImage ? CreateImageEncoder(graph, **file, manifest)
                                               : CreateTextEncoder(graph, **file, manifest);
    if (!encoder.has_value()) return FailWithin((*file)->file, encoder.error());
    return encoder;
  }

 private:
  // A graph that another encoder has open is shared: the weights are in memory once. A file that was replaced since is
  // another graph.
  [[nodiscard]] Result<std::shared_ptr<Graph>> Open(const std::filesystem::path& file) {
    std::error_code missing;  // then opening it says so
    const auto changed = std::filesystem::last_write_time(file, missing);
    const std::lock_guard lock(mutex_);
    std::weak_ptr<Graph>& known = graphs_[{file, changed}];
    if (std::shared_ptr<Graph> graph = known.lock()) return graph;
    HC_ASSIGN(Graph opened, OpenGraph(env_, file, threads_, options_.map_weights));
    auto graph = std::make_shared<Graph>(std::move(opened));
    known = graph;
    return graph;
  }

  [[nodiscard]] Result<std::unique_ptr<Encoder>> CreateImageEncoder(const std::shared_ptr<Graph>& graph,
                                                                    const EncoderFile& file,
                                                                    const Manifest& manifest) const {
    HC_ASSIGN(const GraphTensor* input, graph->Input(file.input));
    const int size = manifest.image.crop_size;
    const std::vector<std::int64_t> wanted = {-1, 3, size, size};
    const auto fits = [&](std::size_t axis) {
      return IsDynamic(input->shape[axis]) || input->shape[axis] == wanted[axis];
    };
    if (!IsReal(*input) || input->shape.size() != 4 || !fits(1) || !fits(2) || !fits(3))
      return Fail(ErrorCode::kBadModel, "input '{}' has the shape {}, expected float32 or float16 {}", file.input,
                  FormatShape(input->shape), FormatShape(wanted));
    std::vector<OtherSideInput> other_side;
    for (const GraphTensor& other : graph->inputs) {
      if (other.name == file.input) continue;
      const std::optional<EncoderFile>& text = manifest.encoders.at("onnx").text;
      const bool shared = text.has_value() && text->file == file.file;
      if (!shared || !IsInteger(other) || (other.name != text->input && !IsMask(other.name, *text)))
        return Fail(ErrorCode::kBadModel, "the graph wants an input '{}' that an image encoder does not have",
                    other.name);
      HC_TRY(CheckStandIn(other));
      other_side.push_back(other);
    }
    HC_TRY(CheckOutput(*graph, file, manifest));
    const std::int64_t batch_axis = input->shape[0];
    return MakeImageEncoder(graph, file, Info(manifest, *graph, batch_axis, file.best_batch.value_or(kImageBatch)),
                            Limit(), manifest.image, batch_axis, other_side);
  }

  [[nodiscard]] Result<std::unique_ptr<Encoder>> CreateTextEncoder(const std::shared_ptr<Graph>& graph,
                                                                   const EncoderFile& file,
                                                                   const Manifest& manifest) const {
    HC_ASSIGN(const GraphTensor* ids, graph->Input(file.input));
    if (!IsInteger(*ids) || ids->shape.size() != 2)
      return Fail(ErrorCode::kBadModel, "input '{}' has the shape {}, expected int64 or int32 [*, *]", file.input,
                  FormatShape(ids->shape));
    if (!IsDynamic(ids->shape[1]) && ids->shape[1] < manifest.text.context_length)
      return Fail(ErrorCode::kBadModel, "input '{}' takes {} tokens, the manifest's context_length is {}", file.input,
                  ids->shape[1], manifest.text.context_length);
    TextInput input{
        .batch_axis = ids->shape[0], .sequence_axis = ids->shape[1], .type = ids->type, .mask = file.attention_mask};
    std::vector<OtherSideInput> other_side;
    for (const GraphTensor& other : graph->inputs) {
      if (other.name == file.input || other.name == file.attention_mask) continue;
      const std::optional<EncoderFile>& image = manifest.encoders.at("onnx").image;
      if (image.has_value() && image->file == file.file && other.name == image->input && IsReal(other)) {
        const int size = manifest.image.crop_size;
        other_side.push_back({.name = other.name, .type = other.type, .shape = PictureShape(other.shape, size)});
        HC_TRY(CheckStandIn(other_side.back()));
        continue;
      }
      if (other.name != kMaskName || other.type != ids->type)
        return Fail(ErrorCode::kBadModel, "the graph wants an input '{}' that a text encoder does not have",
                    other.name);
      input.mask = other.name;
    }
    HC_TRY(CheckOutput(*graph, file, manifest));
    EncoderInfo info = Info(manifest, *graph, input.batch_axis, file.best_batch.value_or(kTextBatch));
    info.cost_grows_with_length = IsDynamic(input.sequence_axis) && manifest.text.padding == TextPadding::kLongest;
    return MakeTextEncoder(graph, file, std::move(info), Limit(), manifest.text, std::move(input), other_side);
  }

  [[nodiscard]] static Status CheckOutput(const Graph& graph, const EncoderFile& file, const Manifest& manifest) {
    HC_ASSIGN(const GraphTensor* output, graph.Output(file.output));
    const bool fits =
        output->shape.size() == 2 && (IsDynamic(output->shape[1]) || output->shape[1] == manifest.embedding_dimension);
    if (!IsReal(*output) || !fits)
      return Fail(ErrorCode::kBadModel, "output '{}' has the shape {}, expected float32 or float16 [*, {}]",
                  file.output, FormatShape(output->shape), manifest.embedding_dimension);
    return {};
  }

  [[nodiscard]] EncoderInfo Info(const Manifest& manifest, const Graph& graph, std::int64_t batch_axis,
                                 int best_batch) const {
    const int wanted = options_.batch_size.value_or(best_batch);
    const int batch = IsDynamic(batch_axis) ? wanted : static_cast<int>(batch_axis);
    return EncoderInfo{.backend = "onnx-cpu",
                       .device = fmt::format("cpu, {} thread{}", threads_, threads_ == 1 ? "" : "s"),
                       .precision = graph.precision,
                       .dimension = manifest.embedding_dimension,
                       .best_batch = batch};
  }

  [[nodiscard]] std::chrono::milliseconds Limit() const {
    return std::chrono::milliseconds(options_.device_timeout_ms);
  }

  const BackendOptions options_;
  const int threads_;
  Ort::Env env_{nullptr};
  std::mutex mutex_;  // guards graphs_
  std::map<std::pair<std::filesystem::path, std::filesystem::file_time_type>, std::weak_ptr<Graph>> graphs_;
};

}  // namespace

Result<std::unique_ptr<Backend>> CreateOnnxBackend(const BackendOptions& options, const Logger& logger) {
  try {
    return std::make_unique<OnnxBackend>(options, logger);
  } catch (const Ort::Exception& error) {
    return Fail(ErrorCode::kUnavailable, "ONNX Runtime does not start: {}", error.what());
  }
}

}  // namespace hailo_clip
