#include <gtest/gtest.h>

#include <vector>

#include "image/preprocess.h"

namespace hailo_clip {
namespace {

// Reference: open_clip's order of operations in float32, equal to the bit for all values of all channels.
TEST(NormalizeToNchw, DividesSubtractsAndDividesInFloat32) {
  const PreprocessSpec spec{.mean = {0.48145466F, 0.4578275F, 0.40821073F},
                            .standard_deviation = {0.26862954F, 0.26130258F, 0.27577711F}};
  std::vector<std::uint8_t> pixels;
  for (int value = 0; value < 256; ++value) {
    for (int channel = 0; channel < 3; ++channel)
      pixels.push_back(static_cast<std::uint8_t>((value + 85 * channel) % 256));
  }
  std::vector<float> output(pixels.size());
  NormalizeToNchw(pixels, spec, output);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t i = 0; i < 256; ++i) {
      const float scaled = static_cast<float>(pixels[3 * i + channel]) / 255.0F;
      const float centred = scaled - spec.mean[channel];
      EXPECT_EQ(output[256 * channel + i], centred / spec.standard_deviation[channel]);
    }
  }
}

}  // namespace
}  // namespace hailo_clip
