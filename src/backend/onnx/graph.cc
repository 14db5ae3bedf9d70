#include "backend/onnx/graph.h"

#include <fmt/ranges.h>
#include <onnxruntime_session_options_config_keys.h>

#include <new>

#include "backend/onnx/mapped_weights.h"
#include "backend/onnx/weight_precision.h"

namespace hailo_clip {
namespace {

GraphTensor Describe(std::string name, const Ort::TypeInfo& type) {
  GraphTensor tensor{.name = std::move(name)};
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return tensor;
  const auto info = type.GetTensorTypeAndShapeInfo();
  tensor.type = info.GetElementType();
  tensor.shape = info.GetShape();
  return tensor;
}

Result<const GraphTensor*> FindTensor(const std::vector<GraphTensor>& tensors, const std::string& name,
                                      std::string_view kind) {
  std::vector<std::string_view> names;
  for (const GraphTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
    names.push_back(tensor.name);
  }
  return Fail(ErrorCode::kBadModel, "the graph has no {} '{}'; it has: {}", kind, name, fmt::join(names, ", "));
}

Ort::SessionOptions SessionOptions(int threads, bool map_weights, const std::filesystem::path& folder) {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(threads);
  options.SetInterOpNumThreads(1);
  // A thread that spins until another one is done with its part burns the core that the next picture's decoding needs,
  // or that the other part would run on.
  options.AddConfigEntry(kOrtSessionOptionsConfigAllowIntraOpSpinning, "0");
  options.SetGraphOptimizationLevel(GraphOptimizationLevel::ORT_ENABLE_ALL);
  // The arena keeps the peak of every batch size ever seen; without it freed memory goes back. That costs nothing up to
  // 32 MiB a tensor, which malloc keeps; larger ones are mapped and cleared anew each time, which is what a manifest's
  // best_batch is there to avoid.
  options.DisableCpuMemArena();
  options.DisableMemPattern();
  if (map_weights) {
    options.AddConfigEntry(kOrtSessionOptionsModelExternalInitializersFileFolderPath, folder.c_str());
    // Packed weights would be copies, which is what mapping avoids.
    options.AddConfigEntry(kOrtSessionOptionsConfigDisablePrepacking, "1");
  }
  return options;
}

}  // namespace

Result<const GraphTensor*> Graph::Input(const std::string& name) const { return FindTensor(inputs, name, "input"); }
Result<const GraphTensor*> Graph::Output(const std::string& name) const { return FindTensor(outputs, name, "output"); }

Result<Graph> OpenGraph(const Ort::Env& env, const std::filesystem::path& file, int threads, bool map_weights) {
  try {
    Graph graph;
    const Ort::SessionOptions options = SessionOptions(threads, map_weights, file.parent_path());
    if (map_weights) {
      HC_ASSIGN(const std::string rewritten, WithMappedWeights(file));
      graph.session = Ort::Session(env, rewritten.data(), rewritten.size(), options);
    } else {
      graph.session = Ort::Session(env, file.c_str(), options);
    }
    HC_ASSIGN(graph.precision, WeightPrecisionOfFile(file));
    Ort::AllocatorWithDefaultOptions allocator;
    for (std::size_t i = 0; i < graph.session.GetInputCount(); ++i)
      graph.inputs.push_back(
          Describe(graph.session.GetInputNameAllocated(i, allocator).get(), graph.session.GetInputTypeInfo(i)));
    for (std::size_t i = 0; i < graph.session.GetOutputCount(); ++i)
      graph.outputs.push_back(
          Describe(graph.session.GetOutputNameAllocated(i, allocator).get(), graph.session.GetOutputTypeInfo(i)));
    return graph;
  } catch (const Ort::Exception& error) {
    return Fail(ErrorCode::kBadModel, "{} cannot be loaded: {}", file.string(), error.what());
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kOutOfMemory, "there is not enough memory to load {}", file.string());
  }
}

std::string FormatShape(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> axes;
  for (const std::int64_t length : shape) axes.push_back(length < 0 ? "*" : fmt::format("{}", length));
  return fmt::format("[{}]", fmt::join(axes, ", "));
}

}  // namespace hailo_clip
