// What reading a request's body costs: a picture of 3 MB as base64 in JSON (a body of 4 MB) beside the same picture as
// the body itself, and prompts. `peak_of_body` is the memory at the peak, the body included, over the body's size.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

#include "base/base64.h"
#include "http/api/native_requests.h"
#include "http/api/openai_request.h"
#include "http/picture_input.h"

namespace {

std::size_t live_bytes = 0, peak_bytes = 0;  // of operator new; the benchmarks have one thread

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  live_bytes += malloc_usable_size(memory);
  peak_bytes = std::max(peak_bytes, live_bytes);
  return memory;
}

[[gnu::noinline]] void operator delete(void* memory) noexcept {
  live_bytes -= malloc_usable_size(memory);
  std::free(memory);
}

[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace hailo_clip::http {
namespace {

const std::string& Picture() {
  static const std::string picture = [] {
    std::string bytes(3'000'000, '\0');
    std::uint32_t random = 1;
    for (char& byte : bytes) byte = static_cast<char>((random = random * 1664525U + 1013904223U) >> 24U);
    return bytes;
  }();
  return picture;
}

// Reads `body` as the service does, from a copy with the room behind it that the connection leaves.
template <typename Reader = decltype(&ReadClassify)>
void Read(benchmark::State& state, const std::string& body, const Request& head, Reader reader = &ReadClassify) {
  const std::size_t before = live_bytes;
  peak_bytes = live_bytes;
  for (auto _ : state) {
    state.PauseTiming();
    Request request;
    request.content_type = head.content_type;
    request.query = head.query;
    request.body.reserve(body.size() + 64);
    request.body = body;
    state.ResumeTiming();
    const auto input = reader(request);
    if (!input) state.SkipWithError(input.error().message.c_str());
    benchmark::DoNotOptimize(input);
  }
  state.counters["peak_of_body"] = static_cast<double>(peak_bytes - before) / static_cast<double>(body.size());
}

void RawPicture(benchmark::State& state) {
  Request head;
  head.content_type = "image/jpeg";
  head.query = {{"prompts", "a cat"}};
  Read(state, Picture(), head);
}
BENCHMARK(RawPicture)->Unit(benchmark::kMillisecond);

void Base64Picture(benchmark::State& state) {
  Request head;
  head.content_type = "application/json";
  Read(state, R"({"image":")" + EncodeBase64(BytesOf(Picture())) + R"(","prompts":["a cat"]})", head);
}
BENCHMARK(Base64Picture)->Unit(benchmark::kMillisecond);

void OpenAiPicture(benchmark::State& state) {
  Request head;
  head.content_type = "application/json";
  Read(state, R"({"input":"data:image/jpeg;base64,)" + EncodeBase64(BytesOf(Picture())) + R"("})", head,
       &ReadEmbeddings);
}
BENCHMARK(OpenAiPicture)->Unit(benchmark::kMillisecond);

void Prompts(benchmark::State& state) {
  Request head;
  head.content_type = "application/json";
  std::string body = R"({"image":"aGVsbG8=","prompts":["a cat")";
  for (int i = 1; i < state.range(0); ++i) body += fmt::format(",\"a photo of thing number {}\"", i);
  Read(state, body + "]}", head);
}
BENCHMARK(Prompts)->Arg(5)->Arg(100)->Arg(1'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hailo_clip::http
