// Picture to tensor: decoding with the crop, the resampler alone, and normalising.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>  // jpeglib.h wants it before
#include <span>
#include <string>
#include <vector>

#include <jpeglib.h>

#include "base/file.h"
#include "image/orientation.h"
#include "image/preprocess.h"
#include "image/resample_kernels.h"
#include "image/stream_resizer.h"
#include "image/test_jpeg.h"

namespace hailo_clip {
namespace {

const PreprocessSpec kSpec{.mean = {0.48145466F, 0.4578275F, 0.40821073F},
                           .standard_deviation = {0.26862954F, 0.26130258F, 0.27577711F}};

// Smooth areas with some texture, so that a JPEG of it has a photo's size.
RgbImage Picture(int width, int height) {
  RgbImage image{
      .width = width, .height = height, .pixels = std::vector<std::uint8_t>(std::size_t{3} * width * height)};
  std::uint32_t random = 1;
  std::size_t at = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      random = random * 1664525U + 1013904223U;
      const int noise = (x / 400 + y / 300) % 2 == 0 ? static_cast<int>(random >> 28U) : 0;
      image.pixels[at++] = static_cast<std::uint8_t>(x * 200 / width + noise);
      image.pixels[at++] = static_cast<std::uint8_t>(y * 200 / height + noise);
      image.pixels[at++] = static_cast<std::uint8_t>((x + y) * 100 / (width + height) + noise + 40);
    }
  }
  return image;
}

// As cameras write it.
std::string Jpeg(int width, int height, int orientation, bool progressive) {
  return EncodeJpeg(Picture(width, height), {.quality = 85, .orientation = orientation, .progressive = progressive});
}

// Rows as libjpeg gives them, and nothing done with them: what any preprocessing costs at least.
void DecodeOnly(benchmark::State& state) {
  const auto file = Jpeg(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), 1, false);
  std::vector<std::uint8_t> row(std::size_t{3} * static_cast<std::size_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) {
    jpeg_decompress_struct decoder{};
    jpeg_error_mgr errors{};
    decoder.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&decoder);
    jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(file.data()), file.size());
    jpeg_read_header(&decoder, TRUE);
    jpeg_start_decompress(&decoder);
    JSAMPROW rows = row.data();
    while (decoder.output_scanline < decoder.output_height) jpeg_read_scanlines(&decoder, &rows, 1);
    jpeg_destroy_decompress(&decoder);
  }
}

// width, height, EXIF orientation, progressive. The answer: the normalised tensor.
void JpegToTensor(benchmark::State& state) {
  const auto file = Jpeg(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)),
                         static_cast<int>(state.range(2)), state.range(3) != 0);
  std::vector<float> tensor(std::size_t{3} * 224 * 224);
  for ([[maybe_unused]] auto _ : state) {
    const auto picture = PreparePicture(std::as_bytes(std::span(file)), kSpec, {});
    if (!picture.has_value()) return state.SkipWithError(picture.error().message.c_str());
    NormalizeToNchw(picture->crop.pixels, kSpec, tensor);
    benchmark::DoNotOptimize(tensor.data());
  }
  state.counters["file_KB"] = static_cast<double>(file.size()) / 1000;
}

// The file that HC_BENCH_JPEG names, else a 12 megapixel one of the tests; exactly or with scaled decoding.
void FileToTensor(benchmark::State& state) {
  const char* name = std::getenv("HC_BENCH_JPEG");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  const auto file = ReadFile(name != nullptr ? name : HAILO_CLIP_SOURCE_DIR "/tests/data/images/large_12mp.jpg",
                             std::size_t{1} << 28U);
  if (!file.has_value()) return state.SkipWithError(file.error().message.c_str());
  DecodeOptions options;
  options.scaled_jpeg = state.range(0) != 0;
  std::vector<float> tensor(std::size_t{3} * 224 * 224);
  for ([[maybe_unused]] auto _ : state) {
    const auto picture = PreparePicture(std::as_bytes(std::span(*file)), kSpec, options);
    if (!picture.has_value()) return state.SkipWithError(picture.error().message.c_str());
    NormalizeToNchw(picture->crop.pixels, kSpec, tensor);
    benchmark::DoNotOptimize(tensor.data());
  }
}

void ResampleOnly(benchmark::State& state) {
  const RgbImage image = Picture(4000, 3000);
  const ResampleKernels& kernels = state.range(1) != 0 ? BestKernels() : ScalarKernels();
  state.SetLabel(kernels.name);
  for ([[maybe_unused]] auto _ : state) {
    StreamResizer resizer(kSpec, image.width, image.height, OrientationFromExif(static_cast<int>(state.range(0))),
                          kernels);
    for (int row = resizer.begin_row(); row < resizer.end_row(); ++row) {
      std::copy_n(image.pixels.data() + std::size_t{12000} * row, 12000, resizer.RowBuffer());
      resizer.RowDone();
    }
    benchmark::DoNotOptimize(std::move(resizer).Take());
  }
}

void Normalize(benchmark::State& state) {
  const RgbImage image = Picture(224, 224);
  std::vector<float> tensor(image.pixels.size());
  for ([[maybe_unused]] auto _ : state) {
    NormalizeToNchw(image.pixels, kSpec, tensor);
    benchmark::DoNotOptimize(tensor.data());
  }
}

BENCHMARK(DecodeOnly)->Args({4000, 3000})->Args({640, 480})->Unit(benchmark::kMillisecond);
BENCHMARK(JpegToTensor)
    ->ArgNames({"width", "height", "exif", "progressive"})
    ->Args({4000, 3000, 1, 0})
    ->Args({4000, 3000, 6, 0})
    ->Args({4000, 3000, 1, 1})
    ->Args({3000, 4000, 1, 0})
    ->Args({640, 480, 1, 0})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(FileToTensor)->ArgNames({"scaled"})->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(ResampleOnly)
    ->ArgNames({"exif", "vector"})
    ->Args({1, 1})
    ->Args({6, 1})
    ->Args({1, 0})
    ->Args({6, 0})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(Normalize)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace hailo_clip
