#include "backend/onnx/onnx_encoder.h"

#include <algorithm>
#include <array>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "backend/onnx/run_limit.h"
#include "image/preprocess.h"

namespace hailo_clip {
namespace {

// What one input of the other side is fed with.
Ort::Value MakeStandIn(const OtherSideInput& input) {
  std::vector<std::int64_t> shape = input.shape;
  std::ranges::replace_if(shape, IsDynamic, 1);
  Ort::AllocatorWithDefaultOptions allocator;
  Ort::Value value = Ort::Value::CreateTensor(allocator, shape.data(), shape.size(), input.type);
  const std::size_t count = value.GetTensorTypeAndShapeInfo().GetElementCount();
  switch (input.type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64: std::fill_n(value.GetTensorMutableData<std::int64_t>(), count, 1); break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32: std::fill_n(value.GetTensorMutableData<std::int32_t>(), count, 1); break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
      std::fill_n(value.GetTensorMutableData<Ort::Float16_t>(), count, Ort::Float16_t(0.0F));
      break;
    default: std::fill_n(value.GetTensorMutableData<float>(), count, 0.0F);
  }
  return value;
}

std::size_t ElementSize(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64: return 8;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16: return 2;
    default: return 4;
  }
}

// What both encoders share: the session, one input, one embedding output, the time limit.
class OnnxEncoder : public Encoder {
 public:
  OnnxEncoder(std::shared_ptr<Graph> graph, EncoderFile file, EncoderInfo info, std::chrono::milliseconds limit,
              const std::vector<OtherSideInput>& other_side)
      : graph_(std::move(graph)), file_(std::move(file)), info_(std::move(info)), run_limit_(limit) {
    for (const OtherSideInput& input : other_side) {
      other_names_.push_back(input.name);
      other_values_.push_back(MakeStandIn(input));
    }
  }

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
  [[nodiscard]] Status Run(std::vector<const char*> names, std::vector<Ort::Value> inputs, std::size_t rows,
                           Embeddings& all) {
    for (std::size_t i = 0; i < other_names_.size(); ++i) {
      names.push_back(other_names_[i].c_str());
      inputs.push_back(View(other_values_[i]));
    }
    const char* output_name = file_.output.c_str();
    try {
      const Ort::RunOptions& options = run_limit_.Arm();
      std::vector<Ort::Value> outputs =
          graph_->session.Run(options, names.data(), inputs.data(), inputs.size(), &output_name, 1);
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
    const auto info = output.GetTensorTypeAndShapeInfo();
    const auto shape = info.GetShape();
    const std::vector<std::int64_t> expected = {static_cast<std::int64_t>(rows), info_.dimension};
    if (shape != expected)
      return Fail(ErrorCode::kBadModel, "output '{}' has the shape {}, expected {}", file_.output, FormatShape(shape),
                  FormatShape(expected));
    all.dimension = info_.dimension;
    const std::size_t count = rows * static_cast<std::size_t>(info_.dimension);
    if (info.GetElementType() == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16) {
      for (const Ort::Float16_t value : std::span(output.GetTensorData<Ort::Float16_t>(), count))
        all.values.push_back(value.ToFloat());
    } else {
      const float* values = output.GetTensorData<float>();
      all.values.insert(all.values.end(), values, values + count);
    }
    return {};
  }

  // The same memory as another tensor, which a list of inputs can own.
  [[nodiscard]] Ort::Value View(Ort::Value& value) const {
    const auto info = value.GetTensorTypeAndShapeInfo();
    const std::vector<std::int64_t> shape = info.GetShape();
    const std::size_t bytes = info.GetElementCount() * ElementSize(info.GetElementType());
    return Ort::Value::CreateTensor(memory_, value.GetTensorMutableRawData(), bytes, shape.data(), shape.size(),
                                    info.GetElementType());
  }

  // Rows that one run takes: the graph's fixed batch, or all that are left.
  [[nodiscard]] static std::size_t RowsOfRun(std::int64_t batch_axis, std::size_t left) {
    return IsDynamic(batch_axis) ? left : static_cast<std::size_t>(batch_axis);
  }

  const std::shared_ptr<Graph> graph_;
  const EncoderFile file_;
  const EncoderInfo info_;
  const Ort::MemoryInfo memory_ = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeCPU);

 private:
  std::vector<std::string> other_names_;
  std::vector<Ort::Value> other_values_;
  RunLimit run_limit_;
};

class OnnxImageEncoder final : public OnnxEncoder {
 public:
  OnnxImageEncoder(std::shared_ptr<Graph> graph, EncoderFile file, EncoderInfo info, std::chrono::milliseconds limit,
                   const PreprocessSpec& spec, std::int64_t batch_axis, const std::vector<OtherSideInput>& other_side)
      : OnnxEncoder(std::move(graph), std::move(file), std::move(info), limit, other_side),
        spec_(spec),
        batch_axis_(batch_axis),
        takes_halves_(graph_->Input(file_.input).value()->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16) {}

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
    std::vector<Ort::Value> inputs;
    if (takes_halves_) {
      halves_.clear();
      for (const float pixel : pixels_) halves_.emplace_back(pixel);
      inputs.push_back(Ort::Value::CreateTensor<Ort::Float16_t>(memory_, halves_.data(), halves_.size(), shape.data(),
                                                                shape.size()));
    } else {
      inputs.push_back(
          Ort::Value::CreateTensor<float>(memory_, pixels_.data(), pixels_.size(), shape.data(), shape.size()));
    }
    return Run({file_.input.c_str()}, std::move(inputs), rows, all);
  }

  const PreprocessSpec spec_;
  const std::int64_t batch_axis_;
  const bool takes_halves_;
  std::vector<float> pixels_;  // kept between batches, as is what follows
  std::vector<Ort::Float16_t> halves_;
};

class OnnxTextEncoder final : public OnnxEncoder {
 public:
  OnnxTextEncoder(std::shared_ptr<Graph> graph, EncoderFile file, EncoderInfo info, std::chrono::milliseconds limit,
                  const TextSpec& spec, TextInput input, const std::vector<OtherSideInput>& other_side)
      : OnnxEncoder(std::move(graph), std::move(file), std::move(info), limit, other_side),
        spec_(spec),
        input_(std::move(input)) {}

 protected:
  [[nodiscard]] Result<Embeddings> Encode(const Batch& batch) override {
    HC_ASSIGN(const TextBatch* texts, CheckTextBatch(batch, spec_.context_length));
    std::size_t length = 0;
    for (const auto& ids : texts->tokens) length = std::max(length, ids.size());
    if (spec_.padding == TextPadding::kContextLength) length = static_cast<std::size_t>(spec_.context_length);
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
    return Run(std::move(names), std::move(inputs), rows, all);
  }

  const TextSpec spec_;
  const TextInput input_;
};

}  // namespace

std::unique_ptr<Encoder> MakeImageEncoder(std::shared_ptr<Graph> graph, EncoderFile file, EncoderInfo info,
                                          std::chrono::milliseconds limit, const PreprocessSpec& spec,
                                          std::int64_t batch_axis, const std::vector<OtherSideInput>& other_side) {
  return std::make_unique<OnnxImageEncoder>(std::move(graph), std::move(file), std::move(info), limit, spec, batch_axis,
                                            other_side);
}

std::unique_ptr<Encoder> MakeTextEncoder(std::shared_ptr<Graph> graph, EncoderFile file, EncoderInfo info,
                                         std::chrono::milliseconds limit, const TextSpec& spec, TextInput input,
                                         const std::vector<OtherSideInput>& other_side) {
  return std::make_unique<OnnxTextEncoder>(std::move(graph), std::move(file), std::move(info), limit, spec,
                                           std::move(input), other_side);
}

}  // namespace hailo_clip
