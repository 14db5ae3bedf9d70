#include "cli/picture_run.h"

#include <fmt/format.h>

#include <condition_variable>
#include <cstdio>
#include <exception>
#include <map>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "base/file.h"
#include "base/json_writer.h"
#include "base/parallel_for.h"
#include "cli/command.h"
#include "cli/progress.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAhead = 4;  // how far others may be ahead of the slowest picture, in units of at_once

// Puts results into order. Thread-safe.
class InOrder {
 public:
  InOrder(const std::vector<fs::path>& paths, const PictureWork& run)
      : paths_(paths), run_(run), progress_(paths.size()) {}

  // Waits until picture `i` is near the ones that are shown; false once the run is over.
  bool WaitForTurn(std::size_t i) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return i < shown_ + kAhead * run_.at_once || !going_; });
    return going_.has_value();
  }

  bool Add(std::size_t i, Result<std::string> record) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(i, std::move(record));
    for (auto next = waiting_.find(shown_); going_ && next != waiting_.end(); next = waiting_.find(++shown_)) {
      Show(paths_[shown_], next->second);
      waiting_.erase(next);
    }
    moved_.notify_all();
    return going_.has_value();
  }

  void End(std::string_view why) {
    const std::lock_guard lock(mutex_);
    going_ = Fail(ErrorCode::kOutOfMemory, "{}", why);
    moved_.notify_all();
  }

  int status() const { return going_ ? status_ : Report(going_.error()); }

 private:
  void Show(const fs::path& path, const Result<std::string>& record) {
    progress_.Step();
    progress_.Hide();
    if (record) {
      going_ = run_.take(path, *record);
    } else {
      fmt::print(stderr, "hailo-clip: {}: {}\n", path.string(), record.error().message);
      status_ = kExitSomeFailed;
    }
  }

  const std::vector<fs::path>& paths_;
  const PictureWork& run_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable moved_;
  Progress progress_;
  std::map<std::size_t, Result<std::string>> waiting_;  // answered before one that comes first
  std::size_t shown_ = 0;
  Status going_;  // an error: the run is over
  int status_ = kExitDone;
};

Status Print(const std::string& record) {
  if (std::fwrite(record.data(), 1, record.size(), stdout) == record.size()) return {};
  return Fail(ErrorCode::kInternal, "writing to the standard output failed");
}

}  // namespace

int RunOnPictures(const std::vector<fs::path>& paths, const PictureWork& run) {
  InOrder results(paths, run);
  const auto read_and_work = [&](const fs::path& path) -> Result<std::string> {
    HC_ASSIGN(const std::string bytes, ReadFile(path, run.max_bytes));
    return run.work(path, std::as_bytes(std::span(bytes)));
  };
  ParallelFor(paths.size(), run.at_once, [&](std::size_t i) {
    try {
      return results.WaitForTurn(i) && results.Add(i, read_and_work(paths[i]));
    } catch (const std::exception& exception) {  // memory; others may wait for this picture
      results.End(exception.what());
      return false;
    }
  });
  return results.status();
}

int RunInto(OutputFile* output, std::vector<fs::path> paths, PictureWork run) {
  if (output == nullptr) {
    run.take = [](const fs::path&, const std::string& record) { return Print(record); };
    return RunOnPictures(paths, run);
  }
  const std::size_t before = output->count();
  std::unordered_set<std::string> seen;  // a picture that is named twice is in the file once
  std::erase_if(paths,
                [&](const fs::path& path) { return output->Has(path.string()) || !seen.insert(path.string()).second; });
  run.take = [&](const fs::path& path, const std::string& record) { return output->Append(path.string(), record); };
  const int status = RunOnPictures(paths, run);
  if (const Status synced = output->Sync(); !synced) return Report(synced.error());
  fmt::print(stderr, "hailo-clip: {} pictures answered now, {} before\n", output->count() - before, before);
  return status;
}

void AddOutputFlags(CLI::App& command, OutputFlags& flags, const std::vector<CLI::Option*>& others,
                    const std::string& formats) {
  CLI::Option* output = command.add_option("-o,--output", flags.file,
                                           "Write to this file, and go on where an earlier run with it stopped; "
                                           "FILE.index.jsonl names its pictures in their order");
  for (CLI::Option* other : others) output->excludes(other);
  command.add_option("--format", flags.format, "Of the output, if the file's ending does not say it: " + formats)
      ->needs(output);
}

void WriteSettings(JsonWriter& json, std::string_view command, OutputFormat format, const ModelIdentity& model,
                   const Config& config) {
  json.Key("command").String(command).Key("format").String(ToString(format));
  json.Key("model").String(model.name).Key("model_fingerprint").String(model.fingerprint);
  json.Key("backend").String(model.backend);
  json.Key("apply_orientation").Bool(config.image.apply_orientation);
  json.Key("transparency").String(config.image.transparency == Transparency::kDrop ? "drop" : "white");
  json.Key("gray16").String(config.image.gray16 == Gray16::kClip ? "clip" : "high_byte");
}

}  // namespace hailo_clip
