// The contract between the engine and whatever computes embeddings.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace hailo_clip {

// One batch for an encoder. The spans stay valid until the batch's `done` has been called.
struct ImageBatch {
  std::vector<std::span<const std::uint8_t>> images;  // each [S, S, 3] u8 RGB; mean and std are the encoder's work
};
struct TextBatch {
  std::vector<std::span<const std::int32_t>> tokens;  // each 1..context_length ids, not padded
};
using Batch = std::variant<ImageBatch, TextBatch>;

// What every encoder checks first: kInvalidArgument for a batch of the other kind, an empty one, or a member of the
// wrong size. The pointer is into `batch`.
[[nodiscard]] Result<const ImageBatch*> CheckImageBatch(const Batch& batch, int crop_size);
[[nodiscard]] Result<const TextBatch*> CheckTextBatch(const Batch& batch, int context_length);

// [rows, dimension] f32, row by row in the order of the batch, not normalised.
struct Embeddings {
  int dimension = 0;
  std::vector<float> values;
  [[nodiscard]] std::size_t rows() const {
    return dimension > 0 ? values.size() / static_cast<std::size_t>(dimension) : 0;
  }
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return std::span(values).subspan(i * static_cast<std::size_t>(dimension), static_cast<std::size_t>(dimension));
  }
};

struct EncoderInfo {
  std::string backend;    // as answers name it: "onnx-cpu"
  std::string device;     // "cpu, 2 threads"
  std::string precision;  // of its weights: "fp32", "fp16", "bf16", "int8", "int4"
  int dimension = 0;
  int best_batch = 1;      // above this a larger batch costs as much an item; the batcher sends no larger one
  int max_in_flight = 1;   // batches that may be submitted before the first is done
  bool simulated = false;  // embeddings are made up
  bool cost_grows_with_length = false;  // texts: a batch costs as much as its longest member, not as the context length
};

// One encoder on one device. Owned and called by one thread (the batcher's); Submit may return before the work is
// done and `done` may be called on a thread of the backend's. The destructor waits for what is in flight.
class Encoder {
 public:
  using Done = std::function<void(Result<Embeddings>)>;

  virtual ~Encoder() = default;
  [[nodiscard]] virtual const EncoderInfo& info() const = 0;
  // Calls `done` exactly once. Errors: kInvalidArgument (CheckImageBatch, CheckTextBatch), kDeviceLost, kOutOfMemory,
  // kDeadlineExceeded, kBusy, kInternal.
  virtual void Submit(const Batch& batch, Done done) = 0;
};

struct BackendOptions {
  int device = 0;
  int threads = 0;  // CPU: 0 = the physical cores
  std::optional<int> batch_size;
  int device_timeout_ms = 5000;
  bool map_weights = false;                        // CPU: use the weights from the page cache instead of a copy
  std::string simulated_device = "clip_vit_b_32";  // simulated: whose times
};

enum class EncoderKind { kImage, kText };

// Makes encoders. Thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;
  // kBadModel if the file is damaged or does not fit the manifest, kUnavailable if the device is not there.
  [[nodiscard]] virtual Result<std::unique_ptr<Encoder>> CreateEncoder(EncoderKind kind, const Manifest& manifest,
                                                                       const std::filesystem::path& folder) = 0;
};

}  // namespace hailo_clip
