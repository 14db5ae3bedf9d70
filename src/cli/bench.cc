// hailo-clip bench models: what each model costs here, and what a lower precision changes.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/json_writer.h"
#include "cli/bench_worker.h"
#include "cli/command.h"
#include "cli/models.h"
#include "engine/scoring.h"

namespace hailo_clip {
namespace {

struct BenchOptions {
  std::vector<std::string> names;  // empty: all that are installed
  std::string against;             // empty: no comparison
  int rounds = 7;
  bool as_json = false;
};

struct Row {
  std::string name;
  std::uintmax_t bytes = 0;  // of its files
  LoadFigures load;
  RoundFigures round;                  // medians over the rounds
  std::optional<double> image_cosine;  // the smallest to the reference
  std::optional<double> text_cosine;
};

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

RoundFigures Medians(const std::vector<RoundFigures>& rounds) {
  const auto median = [&](double RoundFigures::* member) {
    std::vector<double> values;
    for (const RoundFigures& round : rounds) values.push_back(round.*member);
    return Median(std::move(values));
  };
  return {.image_ms = median(&RoundFigures::image_ms),
          .image_batch_ms = median(&RoundFigures::image_batch_ms),
          .text_ms = median(&RoundFigures::text_ms)};
}

// nullopt if there is nothing to compare: no such side, or another dimension.
std::optional<double> SmallestCosine(const std::vector<std::vector<float>>& a,
                                     const std::vector<std::vector<float>>& b) {
  if (a.empty() || a.size() != b.size() || a.front().size() != b.front().size()) return std::nullopt;
  double smallest = 1;
  for (std::size_t i = 0; i < a.size(); ++i) smallest = std::min(smallest, Cosine(a[i], b[i]));
  return smallest;
}

Result<std::vector<InstalledModel>> ModelsToMeasure(const ModelStore& store, const BenchOptions& options) {
  std::vector<InstalledModel> models;
  if (options.names.empty()) models = store.List().models;
  for (const std::string& name : options.names) {
    HC_ASSIGN(InstalledModel model, store.Find(name));
    models.push_back(std::move(model));
  }
  const auto is_reference = [&](const InstalledModel& model) {
    return EqualModelNames(model.manifest.name, options.against);
  };
  if (!options.against.empty() && std::ranges::none_of(models, is_reference)) {
    HC_ASSIGN(InstalledModel model, store.Find(options.against));
    models.insert(models.begin(), std::move(model));
  }
  if (models.empty()) return Fail(ErrorCode::kNotFound, "no model is installed");
  return models;
}

using Workers = std::vector<std::unique_ptr<BenchWorker>>;

// One round of each model in turn, so that a busy machine is busy for all of them.
Status MeasureRounds(const Workers& workers, int rounds, std::vector<Row>& rows) {
  std::vector<std::vector<RoundFigures>> figures(rows.size());
  for (int round = -1; round < rounds; ++round) {  // the first one warms up
    for (std::size_t i = 0; i < rows.size(); ++i) {
      HC_ASSIGN(const RoundFigures one, workers[i]->Round());
      if (round >= 0) figures[i].push_back(one);
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].round = Medians(figures[i]);
  return {};
}

Status Compare(const Workers& workers, std::string_view against, std::vector<Row>& rows) {
  const auto reference = std::ranges::find_if(rows, [&](const Row& row) { return EqualModelNames(row.name, against); });
  HC_ASSIGN(const BenchEmbeddings expected, workers[static_cast<std::size_t>(reference - rows.begin())]->Embed());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    HC_ASSIGN(const BenchEmbeddings actual, workers[i]->Embed());
    rows[i].image_cosine = SmallestCosine(actual.images, expected.images);
    rows[i].text_cosine = SmallestCosine(actual.texts, expected.texts);
  }
  return {};
}

double MiB(std::uintmax_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::string OrDash(const std::optional<double>& value) { return value ? fmt::format("{:.5f}", *value) : "-"; }

void PrintTable(const std::vector<Row>& rows, std::string_view against) {
  fmt::print("{:<28} {:<10} {:>9} {:>9} {:>9} {:>8} {:>9} {:>9} {:>9}", "MODEL", "PRECISION", "IMAGE MS", "BATCH MS",
             "TEXT MS", "LOAD MS", "ANON MIB", "FILE MIB", "DISK MIB");
  if (!against.empty()) fmt::print(" {:>9} {:>9}", "COS IMAGE", "COS TEXT");
  fmt::print("\n");
  for (const Row& row : rows) {
    const LoadFigures& load = row.load;
    const bool mixed = load.has_texts && load.text_precision != load.image_precision;
    fmt::print("{:<28} {:<10} {:>9.1f} {:>9} {:>9} {:>8.0f} {:>9.1f} {:>9.1f} {:>9.1f}", row.name,
               mixed ? load.image_precision + "/" + load.text_precision : load.image_precision, row.round.image_ms,
               fmt::format("{:.1f}/{}", row.round.image_batch_ms, load.best_batch),
               load.has_texts ? fmt::format("{:.1f}", row.round.text_ms) : "-", load.load_ms, MiB(load.anonymous_bytes),
               MiB(load.file_bytes), MiB(row.bytes));
    if (!against.empty()) fmt::print(" {:>9} {:>9}", OrDash(row.image_cosine), OrDash(row.text_cosine));
    fmt::print("\n");
  }
}

void PrintJson(const Row& row, std::string_view against) {
  const auto integer = [](std::uintmax_t value) { return static_cast<std::int64_t>(value); };
  const auto optional = [](JsonWriter& json, std::optional<double> value) {
    value ? json.Number(*value) : json.Null();
  };
  JsonWriter json;
  json.BeginObject().Key("model").String(row.name).Key("image_precision").String(row.load.image_precision);
  json.Key("text_precision");
  row.load.has_texts ? json.String(row.load.text_precision) : json.Null();
  json.Key("image_ms").Number(row.round.image_ms).Key("best_batch").Integer(row.load.best_batch);
  json.Key("image_batch_ms").Number(row.round.image_batch_ms).Key("text_ms");
  optional(json, row.load.has_texts ? std::optional(row.round.text_ms) : std::nullopt);
  json.Key("load_ms").Number(row.load.load_ms).Key("anonymous_bytes").Integer(integer(row.load.anonymous_bytes));
  json.Key("file_bytes").Integer(integer(row.load.file_bytes)).Key("disk_bytes").Integer(integer(row.bytes));
  if (!against.empty()) {
    json.Key("against").String(against).Key("image_cosine");
    optional(json, row.image_cosine);
    json.Key("text_cosine");
    optional(json, row.text_cosine);
  }
  json.EndObject();
  fmt::print("{}\n", json.text());
}

// nullopt in a process that was only a worker.
Result<std::optional<std::vector<Row>>> Measure(const Config& config, const BenchOptions& options) {
  const ModelStore store(ModelFolders(config));
  HC_ASSIGN(const std::vector<InstalledModel> models, ModelsToMeasure(store, options));
  Workers workers;
  for (const InstalledModel& model : models) {
    HC_ASSIGN(auto worker, BenchWorker::Start(config, model));
    if (worker == nullptr) {
      for (const auto& sibling : workers) sibling->Forget();
      return std::nullopt;
    }
    workers.push_back(std::move(worker));
  }
  std::vector<Row> rows;
  for (std::size_t i = 0; i < models.size(); ++i) {
    HC_ASSIGN(LoadFigures load, workers[i]->Load());
    rows.push_back({.name = models[i].manifest.name, .bytes = BytesOf(models[i]), .load = std::move(load)});
  }
  HC_TRY(MeasureRounds(workers, options.rounds, rows));
  if (!options.against.empty()) HC_TRY(Compare(workers, options.against, rows));
  return rows;
}

int RunBench(const CommonFlags& flags, const BenchOptions& options) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const auto rows = Measure(loaded->config, options);
  if (!rows.has_value()) return Report(rows.error());
  if (!rows->has_value()) return kExitDone;
  if (!options.as_json) PrintTable(**rows, options.against);
  for (const Row& row : **rows)
    if (options.as_json) PrintJson(row, options.against);
  return kExitDone;
}

}  // namespace

void AddBenchCommand(CLI::App& app, CommonFlags& flags, int& status) {
  CLI::App* bench = app.add_subcommand("bench", "Measure models on this machine");
  bench->require_subcommand(1);
  CLI::App* models =
      bench->add_subcommand("models", "Latency, load time and memory of models, and what they differ by");
  models->footer(
      "Examples:\n"
      "  hailo-clip bench models                                    # all that are installed\n"
      "  hailo-clip bench models vit-b-32 vit-b-32-int8 --against vit-b-32\n"
      "IMAGE MS: one picture. BATCH MS: the batch that costs least a picture, and how many that is. TEXT MS: one "
      "short\n"
      "prompt. Medians of rounds that take turns, without decoding and queueing. LOAD MS: until the first embedding. "
      "ANON:\n"
      "memory of its own. FILE: pages of files, which the system can drop. COS: the smallest cosine to --against over\n"
      "the pictures and texts of the self-test. Each model is measured in a process of its own, one at a time.");
  auto options = std::make_shared<BenchOptions>();
  models->add_option("names", options->names, "Model names (default: all that are installed)");
  models->add_option("--against", options->against, "Compare embeddings with this model's, e.g. its full precision");
  models->add_option("--rounds", options->rounds, "Rounds to take the median of")->check(CLI::Range(1, 1000));
  models->add_flag("--json", options->as_json, "One JSON object a line and model");
  AddCommonFlags(*models, flags);
  models->callback([&flags, options, &status] { status = RunBench(flags, *options); });
}

}  // namespace hailo_clip
