// An accelerator made of a clock: published times, embeddings that mean nothing. It exists so that everything around a
// device can be measured at a device's speed where there is none; answers and health say that it computes nothing.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "base/log.h"
#include "base/result.h"

namespace hailo_clip {

// Milliseconds for a batch of 1 and of 8; between and beyond them a line.
struct SimulatedTimes {
  double one = 0;
  double eight = 0;
  [[nodiscard]] double Of(std::size_t rows) const { return one + (eight - one) / 7 * (static_cast<double>(rows) - 1); }
};

struct SimulatedProfile {
  std::string_view name;  // as options.simulated_device names it
  SimulatedTimes image;
  SimulatedTimes text;
};

// From the model zoo's published throughput on a Hailo-10H (compiler 5.2) at batch 1 and 8; "none" takes no time.
[[nodiscard]] std::span<const SimulatedProfile> SimulatedProfiles();

// An embedding is drawn from a generator that is seeded with the input, so equal inputs have equal embeddings. Image
// and text share the device, as they do on a card: one batch at a time, in the order of submission. kInvalidArgument
// lists the profiles if options.simulated_device is not one of them.
[[nodiscard]] Result<std::unique_ptr<Backend>> CreateSimulatedBackend(const BackendOptions& options,
                                                                      const Logger& logger);

}  // namespace hailo_clip
