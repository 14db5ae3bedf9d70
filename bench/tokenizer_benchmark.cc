// How long CLIP's tokenizer takes: short prompts with and without its word cache, and hostile ones.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace hailo_clip {
namespace {

// Resident memory of this process in KiB.
double ResidentKib() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t size = 0, resident = 0;
  statm >> size >> resident;
  return static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / 1024.0;
}

std::unique_ptr<Tokenizer> Load(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/clip";
  auto tokenizer = CreateTokenizer({.kind = TokenizerKind::kClipBpe, .files = {file}}, folder);
  if (!tokenizer) std::abort();
  return *std::move(tokenizer);
}

std::unique_ptr<Tokenizer> Load() { return Load("bpe_simple_vocab_16e6.txt.gz"); }

// 1,000 different short prompts, five to nine words each.
std::vector<std::string> ShortPrompts(const std::string& accent = "") {
  const std::vector<std::string> things = {"cat",    "dog",     "bicycle",  "coffee cup", "traffic light",
                                           "letter", "package", "umbrella", "sandwich",   "skateboard"};
  const std::vector<std::string> kinds = {"small", "red",     "broken", "wet",  "shiny",
                                          "old",   "striped", "wooden", "blue", "huge"};
  const std::vector<std::string> places = {"on the table", "in the street",    "at night",    "in the kitchen",
                                           "by the door",  "near a window",    "in the snow", "on a sofa",
                                           "in a garden",  "next to a mailbox"};
  std::vector<std::string> prompts;
  for (const auto& thing : things)
    for (const auto& kind : kinds)
      for (const auto& place : places) prompts.push_back("a photo of a " + kind + accent + " " + thing + " " + place);
  return prompts;
}

std::int64_t EncodeAll(const Tokenizer& tokenizer, const std::vector<std::string>& prompts) {
  std::int64_t tokens = 0;
  for (const std::string& prompt : prompts)
    tokens += static_cast<std::int64_t>(tokenizer.Encode(prompt, 77).ids.size());
  return tokens;
}

void ThousandPromptsWarm(benchmark::State& state) {
  static const std::unique_ptr<Tokenizer> tokenizer = Load();
  const auto prompts = ShortPrompts();
  std::int64_t tokens = EncodeAll(*tokenizer, prompts);
  for (auto _ : state) benchmark::DoNotOptimize(tokens = EncodeAll(*tokenizer, prompts));
  state.counters["tokens_per_second"] =
      benchmark::Counter(static_cast<double>(tokens), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(ThousandPromptsWarm)->Unit(benchmark::kMillisecond);
BENCHMARK(ThousandPromptsWarm)->Unit(benchmark::kMillisecond)->Threads(2)->UseRealTime();

void ThousandPromptsWarmNotAscii(benchmark::State& state) {
  const auto tokenizer = Load();
  const auto prompts = ShortPrompts("\u00E9");
  EncodeAll(*tokenizer, prompts);
  for (auto _ : state) benchmark::DoNotOptimize(EncodeAll(*tokenizer, prompts));
}
BENCHMARK(ThousandPromptsWarmNotAscii)->Unit(benchmark::kMillisecond);

// Words that no cache can know: every one is new. What a tokenizer without a cache would do all the time.
void TokensCold(benchmark::State& state) {
  const auto tokenizer = Load();
  std::uint64_t next = 0;
  std::int64_t tokens = 0;
  std::string text;
  for (auto _ : state) {
    state.PauseTiming();
    text.clear();
    for (int word = 0; word < 1000; ++word) {
      std::uint64_t number = ++next * 0x9E37'79B9'7F4A'7C15U;
      for (int letter = 0; letter < 7; ++letter, number /= 26) text.push_back(static_cast<char>('a' + number % 26));
      text.push_back(' ');
    }
    state.ResumeTiming();
    tokens += static_cast<std::int64_t>(tokenizer->Encode(text, 1 << 20).ids.size());
  }
  state.counters["tokens_per_second"] = benchmark::Counter(static_cast<double>(tokens), benchmark::Counter::kIsRate);
}
BENCHMARK(TokensCold)->Unit(benchmark::kMillisecond);

void HostileWord(benchmark::State& state, const std::string& unit) {
  const auto tokenizer = Load();
  std::string text;
  while (text.size() + unit.size() <= 4000) text += unit;
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer->Encode(text, 77));
}
BENCHMARK_CAPTURE(HostileWord, SameLetter, "a")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(HostileWord, Letters, "qzthequickbrownfoxjumps")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(HostileWord, Marks, "\u0301\u0323")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(HostileWord, BadBytes, "\xFF")->Unit(benchmark::kMillisecond);

void Loading(benchmark::State& state, const std::string& file) {
  malloc_trim(0);
  const double before = ResidentKib();
  auto kept = Load(file);
  malloc_trim(0);
  state.counters["resident_kib"] = ResidentKib() - before;
  for (auto _ : state) benchmark::DoNotOptimize(Load(file));
}
BENCHMARK_CAPTURE(Loading, Gzip, "bpe_simple_vocab_16e6.txt.gz")->Unit(benchmark::kMillisecond)->Iterations(5);
BENCHMARK_CAPTURE(Loading, TokenizerJson, "tokenizer.json")->Unit(benchmark::kMillisecond)->Iterations(5);

}  // namespace
}  // namespace hailo_clip
