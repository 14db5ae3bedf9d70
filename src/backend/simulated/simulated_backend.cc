#include "backend/simulated/simulated_backend.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>

namespace hailo_clip {
namespace {

using std::chrono::steady_clock;

constexpr double PerImage(double per_second) { return 1000 / per_second; }
constexpr SimulatedTimes At(double fps_one, double fps_eight) { return {PerImage(fps_one), 8 * PerImage(fps_eight)}; }

constexpr std::array kProfiles = {
    SimulatedProfile{"clip_vit_b_32", At(71.8, 335), At(49.5, 99)},
    SimulatedProfile{"clip_resnet_50x4", At(63, 157), At(37, 74)},
    SimulatedProfile{"tinyclip_40m", At(127, 495), At(94, 204)},
    SimulatedProfile{"none", {}, {}},
};

constexpr int kBatch = 8;
constexpr int kInFlight = 2;

// As FNV-1a, but of eight bytes at a time: a device made of a clock must not cost the host a pass byte by byte.
std::uint64_t Seed(std::span<const std::byte> bytes) {
  std::uint64_t hash = 14695981039346656037U;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(sizeof(std::uint64_t), bytes.size()))) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), std::min(sizeof(word), bytes.size()));
    hash = (hash ^ word) * 1099511628211U;
    hash ^= hash >> 32U;  // the multiplication alone moves nothing down
  }
  return hash;
}

Embeddings Draw(const std::vector<std::uint64_t>& seeds, int dimension) {
  Embeddings embeddings{.dimension = dimension, .values = {}};
  embeddings.values.reserve(seeds.size() * static_cast<std::size_t>(dimension));
  for (const std::uint64_t seed : seeds) {
    std::mt19937_64 generator(seed);
    for (int i = 0; i < dimension; ++i)
      embeddings.values.push_back(static_cast<float>(static_cast<std::int64_t>(generator())) * 0x1p-63F);
  }
  return embeddings;
}

// Takes batches one after the other, each for its time. Thread-safe.
class Device {
 public:
  Device() : worker_([this] { Run(); }) {}
  ~Device() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  void Submit(double milliseconds, std::function<void()> done) {
    {
      const std::lock_guard lock(mutex_);
      const auto start = std::max(free_at_, steady_clock::now());
      free_at_ = start + std::chrono::duration_cast<steady_clock::duration>(
                             std::chrono::duration<double, std::milli>(milliseconds));
      jobs_.push_back({free_at_, std::move(done)});
    }
    changed_.notify_all();
  }

 private:
  struct Job {
    steady_clock::time_point ends;
    std::function<void()> done;
  };

  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      std::this_thread::sleep_until(job.ends);
      job.done();
      job = {};  // what it holds goes without the lock
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  steady_clock::time_point free_at_;
  bool closed_ = false;
  std::jthread worker_;  // last: it uses all of the above
};

class SimulatedEncoder final : public Encoder {
 public:
  SimulatedEncoder(std::shared_ptr<Device> device, SimulatedTimes times, EncoderInfo info, EncoderKind kind,
                   const Manifest& manifest)
      : device_(std::move(device)),
        times_(times),
        info_(std::move(info)),
        kind_(kind),
        crop_size_(manifest.image.crop_size),
        context_length_(manifest.text.context_length) {}

  // Waits for what is in flight.
  ~SimulatedEncoder() override {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return in_flight_ == 0; });
  }
  SimulatedEncoder(const SimulatedEncoder&) = delete;
  SimulatedEncoder& operator=(const SimulatedEncoder&) = delete;

  [[nodiscard]] const EncoderInfo& info() const override { return info_; }

  void Submit(const Batch& batch, Done done) override {
    Result<std::vector<std::uint64_t>> seeds = SeedsOf(batch);
    if (!seeds.has_value()) {
      done(std::unexpected(seeds.error()));
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      ++in_flight_;
    }
    const double time = times_.Of(seeds->size());
    device_->Submit(time, [this, seeds = *std::move(seeds), done = std::move(done)] {
      done(Draw(seeds, info_.dimension));
      const std::lock_guard lock(mutex_);
      --in_flight_;
      idle_.notify_all();
    });
  }

 private:
  [[nodiscard]] Result<std::vector<std::uint64_t>> SeedsOf(const Batch& batch) const {
    std::vector<std::uint64_t> seeds;
    if (kind_ == EncoderKind::kImage) {
      HC_ASSIGN(const ImageBatch* images, CheckImageBatch(batch, crop_size_));
      for (const auto& image : images->images) seeds.push_back(Seed(std::as_bytes(image)));
    } else {
      HC_ASSIGN(const TextBatch* texts, CheckTextBatch(batch, context_length_));
      for (const auto& ids : texts->tokens) seeds.push_back(Seed(std::as_bytes(ids)));
    }
    return seeds;
  }

  const std::shared_ptr<Device> device_;
  const SimulatedTimes times_;
  const EncoderInfo info_;
  const EncoderKind kind_;
  const int crop_size_;
  const int context_length_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int in_flight_ = 0;
};

class SimulatedBackend final : public Backend {
 public:
  SimulatedBackend(const SimulatedProfile& profile, std::optional<int> batch_size)
      : profile_(profile), batch_size_(batch_size.value_or(kBatch)) {}

  [[nodiscard]] Result<std::unique_ptr<Encoder>> CreateEncoder(EncoderKind kind, const Manifest& manifest,
                                                               const std::filesystem::path& /*folder*/) override {
    EncoderInfo info{.backend = "simulated",
                     .device = fmt::format("simulated {} on a Hailo-10H", profile_.name),
                     .precision = "none",
                     .dimension = manifest.embedding_dimension,
                     .best_batch = batch_size_,
                     .max_in_flight = kInFlight,
                     .simulated = true};
    const SimulatedTimes& times = kind == EncoderKind::kImage ? profile_.image : profile_.text;
    return std::make_unique<SimulatedEncoder>(device_, times, std::move(info), kind, manifest);
  }

 private:
  const SimulatedProfile& profile_;
  const int batch_size_;
  const std::shared_ptr<Device> device_ = std::make_shared<Device>();
};

}  // namespace

std::span<const SimulatedProfile> SimulatedProfiles() { return kProfiles; }

Result<std::unique_ptr<Backend>> CreateSimulatedBackend(const BackendOptions& options, const Logger& logger) {
  const auto found = std::ranges::find(kProfiles, options.simulated_device, &SimulatedProfile::name);
  if (found == kProfiles.end()) {
    std::vector<std::string_view> names;
    for (const SimulatedProfile& profile : kProfiles) names.push_back(profile.name);
    return Fail(ErrorCode::kInvalidArgument, "clip.simulated_device: there is no profile '{}'; there are: {}",
                options.simulated_device, fmt::join(names, ", "));
  }
  logger.Warning("the simulated backend computes nothing: embeddings and scores are made up",
                 {{"device", found->name}});
  return std::make_unique<SimulatedBackend>(*found, options.batch_size);
}

}  // namespace hailo_clip
