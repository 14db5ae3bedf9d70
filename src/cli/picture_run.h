// Runs one piece of work on each of many picture files, several at a time, and hands on the results in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/progress.h"

namespace hailo_clip {

// `work` gets a file's bytes and runs on other threads; `show` gets path and result on this one, in the order of
// `paths`. A file that fails is named on stderr. Returns kExitDone, or kExitSomeFailed.
template <typename Answer>
[[nodiscard]] int RunOnPictures(const std::vector<std::filesystem::path>& paths, const Config& config,
                                const std::function<Result<Answer>(std::span<const std::byte>)>& work,
                                const std::function<void(const std::filesystem::path&, const Answer&)>& show) {
  // As many under way as the decoders and one batch can use; each holds one file in memory.
  const std::size_t at_once = static_cast<std::size_t>(config.performance.worker_threads) + 8;
  const auto read_and_work = [&](const std::filesystem::path& path) -> Result<Answer> {
    HC_ASSIGN(const std::string bytes, ReadFile(path, config.server.max_body_bytes));
    return work(std::as_bytes(std::span(bytes)));
  };
  std::deque<std::future<Result<Answer>>> running;
  Progress progress(paths.size());
  int status = kExitDone;
  std::size_t started = 0;
  for (std::size_t shown = 0; shown < paths.size(); ++shown) {
    for (; started < std::min(paths.size(), shown + at_once); ++started)
      running.push_back(std::async(std::launch::async, read_and_work, paths[started]));
    const Result<Answer> answer = running.front().get();
    running.pop_front();
    progress.Step();
    progress.Hide();
    if (answer.has_value()) {
      show(paths[shown], *answer);
    } else {
      fmt::print(stderr, "hailo-clip: {}: {}\n", paths[shown].string(), answer.error().message);
      status = kExitSomeFailed;
    }
  }
  return status;
}

}  // namespace hailo_clip
