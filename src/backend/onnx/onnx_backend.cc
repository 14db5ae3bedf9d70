#include "backend/onnx/onnx_backend.h"

#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <new>
#include <set>
#include <thread>
#include <utility>

#include "backend/onnx/graph.h"
#include "backend/onnx/run_limit.h"
#include "image/preprocess.h"

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

bool IsDynamic(std::int64_t axis) { return axis < 0; }

// What both encoders share: the session, one input, one embedding output, the time limit.
class OnnxEncoder : public Encoder {
 public:
  OnnxEncoder(Graph graph, EncoderFile file, EncoderInfo info, std::chrono::milliseconds limit)
      : graph_(std::move(graph)), file_(std::move(file)), info_(std::move(info)), run_limit_(limit) {}

  [[nodiscard]] const EncoderInfo& info() const override { return info_; }

  void Submit(const Batch& batch, Done done) override {
    try {
      done(Encode(batch));
    } catch (const std::bad_alloc&) {
      done(Fail(ErrorCode::kOutOfMemory, "there is not enough memory to encode a batch"));
    }
  }

 protected:
  [[nodiscard]] virtual Result<Embeddings> Encode(const Batch& batch) = 0;

  // Runs the graph on [rows, ...] inputs and appends `rows` embeddings to `all`.
  [[nodiscard]] Status Run(std::span<const char* const> names, std::span<const Ort::Value> inputs, std::size_t rows,
                           Embeddings& all) {
    const char* output_name = file_.output.c_str();
    try {
      const Ort::RunOptions& options = run_limit_.Arm();
      std::vector<Ort::Value> outputs =
          graph_.session.Run(options, names.data(), inputs.data(), inputs.size(), &output_name, 1);
      static_cast<void>(run_limit_.Disarm());
      return Append(outputs.front(), rows, all);
    } catch (const Ort::Exception& error) {
      if (run_limit_.Disarm())
        return Fail(ErrorCode::kDeadlineExceeded,
                    "the CPU did not encode a batch of {} within clip.device_timeout_ms; raise it, or lower "
                    "clip.batch_size",
                    rows);
      return Fail(ErrorCode::kInternal, "ONNX Runtime failed with code {}: {}",
                  static_cast<int>(error.GetOrtErrorCode()), error.what());
    }
  }

  [[nodiscard]] Status Append(const Ort::Value& output, std::size_t rows, Embeddings& all) const {
    const auto shape = output.GetTensorTypeAndShapeInfo().GetShape();
    const std::vector<std::int64_t> expected = {static_cast<std::int64_t>(rows), info_.dimension};
    if (shape != expected)
      return Fail(ErrorCode::kBadModel, "output '{}' has the shape {}, expected {}", file_.output, FormatShape(shape),
                  FormatShape(expected));
    const float* values = output.GetTensorData<float>();
    all.dimension = info_.dimension;
    all.values.insert(all.values.end(), values, values + rows * static_cast<std::size_t>(info_.dimension));
    return {};
  }

  // Rows that one run takes: the graph's fixed batch, or all that are left.
  [[nodiscard]] static std::size_t RowsOfRun(std::int64_t batch_axis, std::size_t left) {
    return IsDynamic(batch_axis) ? left : static_cast<std::size_t>(batch_axis);
  }

  Graph graph_;
  const EncoderFile file_;
  const EncoderInfo info_;
  const Ort::MemoryInfo memory_ = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeCPU);

 private:
  RunLimit run_limit_;
};

// [n, 3, S, S] f32 NCHW, normalised here from u8 straight into the input buffer.
class OnnxImageEncoder final : public OnnxEncoder {
 public:
  OnnxImageEncoder(Graph graph, EncoderFile file, EncoderInfo info, std::chrono::milliseconds limit,
                   const PreprocessSpec& spec, std::int64_t batch_axis)
      : OnnxEncoder(std::move(graph), std::move(file), std::move(info), limit), spec_(spec), batch_axis_(batch_axis) {}

 protected:
  [[nodiscard]] Result<Embeddings> Encode(const Batch& batch) override {
    HC_ASSIGN(const ImageBatch* images, CheckImageBatch(batch, spec_.crop_size));
    const std::size_t size = images->images.front().size();
    Embeddings all;
    for (std::size_t first = 0; first < images->images.size();) {
      const std::size_t left = images->images.size() - first;
      const std::size_t rows = RowsOfRun(batch_axis_, left);
      const std::size_t used = std::min(rows, left);
      pixels_.resize(rows * size);
      for (std::size_t i = 0; i < rows; ++i)  // a fixed batch is filled up with its first picture
        NormalizeToNchw(images->images[i < used ? first + i : first], spec_,
                        std::span(pixels_).subspan(i * size, size));
      HC_TRY(RunPixels(rows, all));
      first += used;
      all.values.resize(std::min(first, images->images.size()) * static_cast<std::size_t>(all.dimension));
    }
    return all;
  }

 private:
  [[nodiscard]] Status RunPixels(std::size_t rows, Embeddings& all) {
    const std::array<std::int64_t, 4> shape = {static_cast<std::int64_t>(rows), 3, spec_.crop_size, spec_.crop_size};
    const Ort::Value input =
        Ort::Value::CreateTensor<float>(memory_, pixels_.data(), pixels_.size(), shape.data(), shape.size());
    const char* name = file_.input.c_str();
    return Run(std::span(&name, 1), std::span(&input, 1), rows, all);
  }

  const PreprocessSpec spec_;
  const std::int64_t batch_axis_;
  std::vector<float> pixels_;  // kept between batches
};

// [n, sequence] i64 or i32: as long as the longest text of the batch, or as long as the graph says.
class OnnxTextEncoder final : public OnnxEncoder {
 public:
  struct Input {
    std::int64_t batch_axis = -1;
    std::int64_t sequence_axis = -1;
    ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
    std::optional<std::string> mask;  // 1 for a token, 0 for padding; of the same type
  };

  OnnxTextEncoder(Graph graph, EncoderFile file, EncoderInfo info, std::chrono::milliseconds limit,
                  const TextSpec& spec, Input input)
      : OnnxEncoder(std::move(graph), std::move(file), std::move(info), limit), spec_(spec), input_(std::move(input)) {}

 protected:
  [[nodiscard]] Result<Embeddings> Encode(const Batch& batch) override {
    HC_ASSIGN(const TextBatch* texts, CheckTextBatch(batch, spec_.context_length));
    std::size_t length = 0;
    for (const auto& ids : texts->tokens) length = std::max(length, ids.size());
    if (!IsDynamic(input_.sequence_axis)) length = static_cast<std::size_t>(input_.sequence_axis);
    return input_.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 ? EncodeAs<std::int32_t>(*texts, length)
                                                              : EncodeAs<std::int64_t>(*texts, length);
  }

 private:
  template <typename Id>
  [[nodiscard]] Result<Embeddings> EncodeAs(const TextBatch& texts, std::size_t length) {
    Embeddings all;
    for (std::size_t first = 0; first < texts.tokens.size();) {
      const std::size_t left = texts.tokens.size() - first;
      const std::size_t rows = RowsOfRun(input_.batch_axis, left);
      const std::size_t used = std::min(rows, left);
      std::vector<Id> ids(rows * length, static_cast<Id>(spec_.pad_id));
      std::vector<Id> mask(rows * length, Id{0});
      for (std::size_t i = 0; i < rows; ++i) {
        const auto& text = texts.tokens[i < used ? first + i : first];
        std::ranges::copy(text, ids.begin() + static_cast<std::ptrdiff_t>(i * length));
        std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(i * length), text.size(), Id{1});
      }
      HC_TRY(RunIds(ids, mask, rows, length, all));
      first += used;
      all.values.resize(std::min(first, texts.tokens.size()) * static_cast<std::size_t>(all.dimension));
    }
    return all;
  }

  template <typename Id>
  [[nodiscard]] Status RunIds(std::vector<Id>& ids, std::vector<Id>& mask, std::size_t rows, std::size_t length,
                              Embeddings& all) {
    const std::array<std::int64_t, 2> shape = {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(length)};
    std::vector<const char*> names = {file_.input.c_str()};
    std::vector<Ort::Value> inputs;
    inputs.push_back(Ort::Value::CreateTensor<Id>(memory_, ids.data(), ids.size(), shape.data(), shape.size()));
    if (input_.mask.has_value()) {
      names.push_back(input_.mask->c_str());
      inputs.push_back(Ort::Value::CreateTensor<Id>(memory_, mask.data(), mask.size(), shape.data(), shape.size()));
    }
    return Run(names, inputs, rows, all);
  }

  const TextSpec spec_;
  const Input input_;
};

class OnnxBackend final : public Backend {
 public:
  OnnxBackend(const BackendOptions& options, const Logger& logger)
      : options_(options), threads_(options.threads > 0 ? options.threads : PhysicalCores()) {
    Ort::ThreadingOptions threading;
    threading.SetGlobalIntraOpNumThreads(threads_);
    threading.SetGlobalInterOpNumThreads(1);
    env_ = Ort::Env(threading, &LogFromRuntime, const_cast<Logger*>(&logger), ORT_LOGGING_LEVEL_WARNING, "hailo-clip");
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
    HC_ASSIGN(Graph graph, OpenGraph(env_, folder / (*file)->file));
    auto encoder = kind == EncoderKind::kImage ? CreateImageEncoder(std::move(graph), **file, manifest)
                                               : CreateTextEncoder(std::move(graph), **file, manifest);
    if (!encoder.has_value()) return FailWithin((*file)->file, encoder.error());
    return encoder;
  }

 private:
  [[nodiscard]] Result<std::unique_ptr<Encoder>> CreateImageEncoder(Graph graph, const EncoderFile& file,
                                                                    const Manifest& manifest) const {
    HC_ASSIGN(const GraphTensor* input, graph.Input(file.input));
    const int size = manifest.image.crop_size;
    const std::vector<std::int64_t> wanted = {-1, 3, size, size};
    const auto fits = [&](std::size_t axis) {
      return IsDynamic(input->shape[axis]) || input->shape[axis] == wanted[axis];
    };
    if (input->type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || input->shape.size() != 4 || !fits(1) || !fits(2) ||
        !fits(3))
      return Fail(ErrorCode::kBadModel, "input '{}' has the shape {}, expected float32 {}", file.input,
                  FormatShape(input->shape), FormatShape(wanted));
    if (graph.inputs.size() != 1)
      return Fail(ErrorCode::kBadModel, "the graph wants {} inputs; an image encoder has one", graph.inputs.size());
    HC_TRY(CheckOutput(graph, file, manifest));
    const std::int64_t batch_axis = input->shape[0];
    return std::make_unique<OnnxImageEncoder>(std::move(graph), file, Info(manifest, batch_axis, kImageBatch), Limit(),
                                              manifest.image, batch_axis);
  }

  [[nodiscard]] Result<std::unique_ptr<Encoder>> CreateTextEncoder(Graph graph, const EncoderFile& file,
                                                                   const Manifest& manifest) const {
    HC_ASSIGN(const GraphTensor* ids, graph.Input(file.input));
    const bool integer =
        ids->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 || ids->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
    if (!integer || ids->shape.size() != 2)
      return Fail(ErrorCode::kBadModel, "input '{}' has the shape {}, expected int64 or int32 [*, *]", file.input,
                  FormatShape(ids->shape));
    if (!IsDynamic(ids->shape[1]) && ids->shape[1] < manifest.text.context_length)
      return Fail(ErrorCode::kBadModel, "input '{}' takes {} tokens, the manifest's context_length is {}", file.input,
                  ids->shape[1], manifest.text.context_length);
    OnnxTextEncoder::Input input{
        .batch_axis = ids->shape[0], .sequence_axis = ids->shape[1], .type = ids->type, .mask = file.attention_mask};
    for (const GraphTensor& other : graph.inputs) {
      if (other.name == file.input || other.name == file.attention_mask) continue;
      if (other.name != "attention_mask" || other.type != ids->type)
        return Fail(ErrorCode::kBadModel, "the graph wants an input '{}' that a text encoder does not have",
                    other.name);
      input.mask = other.name;
    }
    HC_TRY(CheckOutput(graph, file, manifest));
    EncoderInfo info = Info(manifest, input.batch_axis, kTextBatch);
    return std::make_unique<OnnxTextEncoder>(std::move(graph), file, std::move(info), Limit(), manifest.text,
                                             std::move(input));
  }

  [[nodiscard]] static Status CheckOutput(const Graph& graph, const EncoderFile& file, const Manifest& manifest) {
    HC_ASSIGN(const GraphTensor* output, graph.Output(file.output));
    const bool fits =
        output->shape.size() == 2 && (IsDynamic(output->shape[1]) || output->shape[1] == manifest.embedding_dimension);
    if (output->type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || !fits)
      return Fail(ErrorCode::kBadModel, "output '{}' has the shape {}, expected float32 [*, {}]", file.output,
                  FormatShape(output->shape), manifest.embedding_dimension);
    return {};
  }

  [[nodiscard]] EncoderInfo Info(const Manifest& manifest, std::int64_t batch_axis, int best_batch) const {
    const int wanted = options_.batch_size.value_or(best_batch);
    const int batch = IsDynamic(batch_axis) ? wanted : static_cast<int>(batch_axis);
    return EncoderInfo{.backend = "onnx-cpu",
                       .device = fmt::format("cpu, {} thread{}", threads_, threads_ == 1 ? "" : "s"),
                       .precision = "fp32",
                       .dimension = manifest.embedding_dimension,
                       .best_batch = batch};
  }

  [[nodiscard]] std::chrono::milliseconds Limit() const {
    return std::chrono::milliseconds(options_.device_timeout_ms);
  }

  const BackendOptions options_;
  const int threads_;
  Ort::Env env_{nullptr};
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
