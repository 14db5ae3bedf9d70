// One piece of work on each of many picture files, several at a time, with the results in order.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "cli/output_file.h"
#include "engine/engine.h"

namespace hailo_clip {

struct PictureWork {
  std::size_t at_once = 1;    // files in memory, each on a thread of its own (Engine::PicturesAtOnce)
  std::size_t max_bytes = 0;  // of one file
  // From a file's bytes to its record in the output; on several threads.
  std::function<Result<std::string>(const std::filesystem::path&, std::span<const std::byte>)> work;
  // Takes the records in the order of the paths, one at a time; an error ends the run.
  std::function<Status(const std::filesystem::path&, const std::string&)> take;
};

// A file that fails is named on stderr. Memory is bounded however many paths there are. Returns kExitDone,
// kExitSomeFailed, or the exit status of take's error.
[[nodiscard]] int RunOnPictures(const std::vector<std::filesystem::path>& paths, const PictureWork& run);

// Runs over the pictures that `output` does not hold yet and adds them to it; or over all of them, with the records on
// stdout, if `output` is nullptr.
[[nodiscard]] int RunInto(OutputFile* output, std::vector<std::filesystem::path> paths, PictureWork run);

// --output and --format of classify and embed.
struct OutputFlags {
  std::string file;  // empty: stdout
  std::string format;
};

// `others`: flags that say how stdout looks.
void AddOutputFlags(CLI::App& command, OutputFlags& flags, const std::vector<CLI::Option*>& others,
                    const std::string& formats);

// The keys that classify and embed share: command, format, model, how pictures are read.
void WriteSettings(JsonWriter& json, std::string_view command, OutputFormat format, const ModelIdentity& model,
                   const Config& config);

}  // namespace hailo_clip
