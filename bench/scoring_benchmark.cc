// What scoring costs beside the encoding of a picture: the product with a label set's matrix, softmax and the best
// few, for 5 to 100,000 labels of 512 elements; and how far half precision is off single precision.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "engine/coarse_matrix.h"
#include "engine/cosine_kernels.h"
#include "engine/half_matrix.h"
#include "engine/scoring.h"

namespace hailo_clip {
namespace {

constexpr std::size_t kDimension = 512;

std::vector<float> RandomUnit(std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(kDimension);
  for (float& value : vector) value = normal(random);
  if (!NormalizeToUnitLength(vector)) std::abort();
  return vector;
}

HalfMatrix RandomMatrix(std::size_t rows, std::mt19937& random) {
  HalfMatrix matrix(rows, kDimension);
  for (std::size_t r = 0; r < rows; ++r) matrix.SetRow(r, RandomUnit(random));
  return matrix;
}

void Product(benchmark::State& state, const CosineKernel& kernel) {
  std::mt19937 random(1);
  const HalfMatrix matrix = RandomMatrix(static_cast<std::size_t>(state.range(0)), random);
  const std::vector<float> query = RandomUnit(random);
  std::vector<float> cosines(matrix.rows());
  for (auto _ : state) {
    kernel.rows(matrix.halves().data(), matrix.rows(), matrix.stride(), query.data(), cosines.data());
    benchmark::DoNotOptimize(cosines.data());
  }
  state.SetLabel(kernel.name);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(matrix.bytes()));
}

void ProductVector(benchmark::State& state) { Product(state, BestCosineKernel()); }
void ProductScalar(benchmark::State& state) { Product(state, ScalarCosineKernel()); }
BENCHMARK(ProductVector)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(ProductScalar)->Arg(1'000)->Unit(benchmark::kMillisecond);

void Rank(benchmark::State& state) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal(0.2F, 0.04F);  // as the cosines of CLIP are spread
  std::vector<float> cosines(static_cast<std::size_t>(state.range(0)));
  for (float& cosine : cosines) cosine = normal(random);
  for (auto _ : state) benchmark::DoNotOptimize(RankPrompts(cosines, {.top_k = static_cast<int>(state.range(1))}));
}
BENCHMARK(Rank)
    ->ArgNames({"labels", "top_k"})
    ->ArgsProduct({{1'000, 100'000}, {3, 1'000}})
    ->Unit(benchmark::kMillisecond);

// All that a request with a label set costs over the encoding.
void Scoring(benchmark::State& state) {
  std::mt19937 random(3);
  const HalfMatrix matrix = RandomMatrix(static_cast<std::size_t>(state.range(0)), random);
  const CoarseMatrix coarse = CoarseMatrix::Of(matrix);
  const std::vector<float> query = RandomUnit(random);
  const ScoringOptions options{.model = {.logit_scale = 100}};
  const RankingNeed need{.best = 3, .softmax_scale = 100};
  for (auto _ : state) benchmark::DoNotOptimize(RankPrompts(RankingCosines(matrix, coarse, query, need), options));
}
BENCHMARK(Scoring)->ArgName("labels")->Arg(5)->Arg(100)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(
    benchmark::kMillisecond);

// The largest difference of a cosine, and how often the best label is another, over 1,000 labels and as many queries.
// Random directions are the worst case for the latter: their best and second best are closer than those of pictures.
void Drift(benchmark::State& state) {
  std::mt19937 random(4);
  std::vector<std::vector<float>> rows;
  HalfMatrix matrix(1'000, kDimension);
  for (std::size_t r = 0; r < matrix.rows(); ++r) {
    rows.push_back(RandomUnit(random));
    matrix.SetRow(r, rows.back());
  }
  double largest = 0;
  std::size_t flips = 0, queries = 0;
  for (auto _ : state) {
    const std::vector<float> query = RandomUnit(random);
    const std::vector<float> halves = MatrixCosines(matrix, query);
    std::vector<float> floats;
    for (const std::vector<float>& row : rows) floats.push_back(DotProduct(row, query));
    for (std::size_t r = 0; r < rows.size(); ++r) largest = std::max<double>(largest, std::abs(halves[r] - floats[r]));
    const auto best = [](const std::vector<float>& all) { return std::ranges::max_element(all) - all.begin(); };
    flips += best(halves) == best(floats) ? 0 : 1;
    ++queries;
  }
  state.counters["largest_cosine_difference"] = largest;
  state.counters["top1_flips_per_million"] = 1e6 * static_cast<double>(flips) / static_cast<double>(queries);
}
BENCHMARK(Drift)->Iterations(1'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hailo_clip
