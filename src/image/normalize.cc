#include <array>
#include <cstddef>

#include "image/preprocess.h"

namespace hailo_clip {

// A channel has 256 possible values, so the two divisions are made once for each of them: exact, and faster than
// dividing each pixel.
void NormalizeToNchw(std::span<const std::uint8_t> pixels, const PreprocessSpec& spec, std::span<float> output) {
  const std::size_t plane = pixels.size() / 3;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    std::array<float, 256> table;
    for (std::size_t value = 0; value < table.size(); ++value) {
      table[value] = (static_cast<float>(value) / 255.0F - spec.mean[channel]) / spec.standard_deviation[channel];
    }
    const std::uint8_t* from = pixels.data() + channel;
    float* to = output.data() + channel * plane;
    for (std::size_t i = 0; i < plane; ++i) to[i] = table[from[3 * i]];
  }
}

}  // namespace hailo_clip
