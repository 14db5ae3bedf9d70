#include "cli/bench_worker.h"

#include <malloc.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>

#include "backend/registry.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/process_memory.h"
#include "engine/loaded_model.h"
#include "engine/scoring.h"
#include "engine/self_test.h"

namespace hailo_clip {
namespace {

// What a parent may ask.
constexpr char kLoad = 'l';
constexpr char kRound = 'r';
constexpr char kEmbed = 'e';

constexpr int kRunsARound = 5;
constexpr const char* kShortPrompt = "a photo of a cat";

// An answer on its way: '+' and its words, or '-' and a sentence; a length goes before.
bool SendAll(int channel, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t sent = ::send(channel, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool ReceiveAll(int channel, void* data, std::size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t received = ::recv(channel, at, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return false;
    at += received;
    size -= static_cast<std::size_t>(received);
  }
  return true;
}

// The forked side.
class Bench {
 public:
  Bench(const Config& config, const InstalledModel& model) : config_(config), installed_(model) {}

  Result<std::string> Answer(char question) {
    switch (question) {
      case kLoad: return Load();
      case kRound: return Round();
      case kEmbed: return Embed();
      default: return Fail(ErrorCode::kInternal, "the bench was asked '{}'", question);
    }
  }

 private:
  Result<std::string> Load() {
    const std::uintmax_t anonymous = ProcessMemory("RssAnon"), files = ProcessMemory("RssFile");
    const SteadyTime start = clock_.Now();
    const BackendOptions options{.threads = config_.performance.encoder_threads,
                                 .batch_size = config_.clip.batch_size,
                                 .device_timeout_ms = 60'000,
                                 .map_weights = config_.performance.map_weights};
    HC_ASSIGN(auto backend, CreateBackend(config_.clip.backend, options, logger_));
    HC_ASSIGN(model_, LoadedModel::Load(installed_, std::move(backend), cache_, clock_));
    HC_ASSIGN(image_encoder_, model_->CreateEncoder(EncoderKind::kImage));
    if (model_->has_texts()) {
      HC_ASSIGN(text_encoder_, model_->CreateEncoder(EncoderKind::kText));
      prompt_ = model_->Tokenize(kShortPrompt).ids;
      HC_TRY(Run(*text_encoder_, TextBatch{{prompt_}}));
    }
    HC_ASSIGN(const RgbImage card, TestCard(TestCardNames().front()));
    picture_ = PreparePixels(card, model_->manifest().image).pixels;
    HC_TRY(Run(*image_encoder_, Pictures(1)));
    const double ms = MillisecondsBetween(start, clock_.Now());
    ::malloc_trim(0);  // as the service does
    const auto added = [](std::uintmax_t before, std::uintmax_t after) { return after > before ? after - before : 0; };
    return fmt::format("{} {} {} {} {} {} {}", ms, added(anonymous, ProcessMemory("RssAnon")),
                       added(files, ProcessMemory("RssFile")), image_encoder_->info().best_batch,
                       text_encoder_ != nullptr ? 1 : 0, image_encoder_->info().precision,
                       text_encoder_ != nullptr ? text_encoder_->info().precision : "-");
  }

  Result<std::string> Round() {
    HC_ASSIGN(const double image, Time(*image_encoder_, Pictures(1)));
    HC_ASSIGN(const double images, Time(*image_encoder_, Pictures(image_encoder_->info().best_batch)));
    if (text_encoder_ == nullptr) return fmt::format("{} {} 0", image, images);
    HC_ASSIGN(const double text, Time(*text_encoder_, TextBatch{{prompt_}}));
    return fmt::format("{} {} {}", image, images, text);
  }

  Result<std::string> Embed() {
    std::string words = fmt::format("{} {}", TestCardNames().size(), text_encoder_ ? SelfTestTexts().size() : 0);
    for (const std::string& name : TestCardNames()) {
      HC_ASSIGN(const RgbImage card, TestCard(name));
      const auto pixels = PreparePixels(card, model_->manifest().image).pixels;
      HC_ASSIGN(Embeddings one, Run(*image_encoder_, ImageBatch{{pixels}}));
      Append(one, words);
    }
    for (const std::string& text : text_encoder_ ? SelfTestTexts() : std::vector<std::string>()) {
      const auto ids = model_->Tokenize(text).ids;
      HC_ASSIGN(Embeddings one, Run(*text_encoder_, TextBatch{{ids}}));
      Append(one, words);
    }
    return words;
  }

  static void Append(Embeddings& one, std::string& words) {
    static_cast<void>(NormalizeToUnitLength(one.values));
    words += fmt::format(" {}", one.values.size());
    for (const float value : one.values) words += fmt::format(" {}", value);
  }

  [[nodiscard]] Batch Pictures(int count) const {
    return ImageBatch{std::vector<std::span<const std::uint8_t>>(static_cast<std::size_t>(count), picture_)};
  }

  static Result<Embeddings> Run(Encoder& encoder, const Batch& batch) {
    std::promise<Result<Embeddings>> promise;
    encoder.Submit(batch, [&](Result<Embeddings> result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }

  // Milliseconds: the median of a few runs.
  Result<double> Time(Encoder& encoder, const Batch& batch) {
    std::array<double, kRunsARound> times{};
    for (double& time : times) {
      const SteadyTime start = clock_.Now();
      HC_TRY(Run(encoder, batch));
      time = MillisecondsBetween(start, clock_.Now());
    }
    std::ranges::sort(times);
    return times[kRunsARound / 2];
  }

  const Config& config_;
  const InstalledModel& installed_;
  const Logger logger_{LogLevel::kWarning, LogFormat::kText};
  const Clock clock_;
  EmbeddingCache cache_{{}};
  std::unique_ptr<LoadedModel> model_;
  std::unique_ptr<Encoder> image_encoder_;
  std::unique_ptr<Encoder> text_encoder_;
  std::vector<std::uint8_t> picture_;
  std::vector<std::int32_t> prompt_;
};

// Until the parent has closed its end.
void AnswerAll(int channel, Bench& bench) {
  for (char question = 0; ReceiveAll(channel, &question, 1);) {
    const Result<std::string> answer = bench.Answer(question);
    const std::string message = answer.has_value() ? "+" + *answer : "-" + answer.error().message;
    const std::uint64_t size = message.size();
    if (!SendAll(channel, &size, sizeof size) || !SendAll(channel, message.data(), size)) return;
  }
}

}  // namespace

Result<std::unique_ptr<BenchWorker>> BenchWorker::Start(const Config& config, const InstalledModel& model) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return Fail(ErrorCode::kInternal, "no socket: {}", SystemMessage(errno));
  const pid_t process = ::fork();
  if (process == 0) {
    ::close(ends[0]);
    const FileDescriptor channel(ends[1]);
    Bench bench(config, model);
    AnswerAll(channel.get(), bench);
    return nullptr;
  }
  ::close(ends[1]);
  std::unique_ptr<BenchWorker> worker(new BenchWorker(ends[0], process, model.manifest.name));
  if (process < 0) return Fail(ErrorCode::kInternal, "no process: {}", SystemMessage(errno));
  return worker;
}

BenchWorker::~BenchWorker() {
  if (process_ < 0) return;
  ::shutdown(channel_.get(), SHUT_RDWR);
  ::waitpid(process_, nullptr, 0);
}

Result<std::istringstream> BenchWorker::Ask(char question) {
  std::uint64_t size = 0;
  std::string message;
  bool answered = SendAll(channel_.get(), &question, 1) && ReceiveAll(channel_.get(), &size, sizeof size);
  if (answered) message.resize(size);
  answered = answered && ReceiveAll(channel_.get(), message.data(), size) && size > 0;
  if (!answered)
    return Fail(ErrorCode::kInternal, "the process that measured '{}' has died; is there memory for it?", name_);
  if (message.front() == '-') return Fail(ErrorCode::kBadModel, "model '{}': {}", name_, message.substr(1));
  return std::istringstream(message.substr(1));
}

Result<LoadFigures> BenchWorker::Load() {
  HC_ASSIGN(std::istringstream words, Ask(kLoad));
  LoadFigures figures;
  words >> figures.load_ms >> figures.anonymous_bytes >> figures.file_bytes >> figures.best_batch >>
      figures.has_texts >> figures.image_precision >> figures.text_precision;
  return figures;
}

Result<RoundFigures> BenchWorker::Round() {
  HC_ASSIGN(std::istringstream words, Ask(kRound));
  RoundFigures figures;
  words >> figures.image_ms >> figures.image_batch_ms >> figures.text_ms;
  return figures;
}

Result<BenchEmbeddings> BenchWorker::Embed() {
  HC_ASSIGN(std::istringstream words, Ask(kEmbed));
  std::size_t images = 0, texts = 0;
  words >> images >> texts;
  BenchEmbeddings embeddings{.images = std::vector<std::vector<float>>(images),
                             .texts = std::vector<std::vector<float>>(texts)};
  for (auto* side : {&embeddings.images, &embeddings.texts}) {
    for (std::vector<float>& embedding : *side) {
      std::size_t dimension = 0;
      words >> dimension;
      embedding.resize(dimension);
      for (float& value : embedding) words >> value;
    }
  }
  return embeddings;
}

}  // namespace hailo_clip
