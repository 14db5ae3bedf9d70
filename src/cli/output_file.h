// A file of answers that a later run continues: what is in it already is not computed again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace hailo_clip {

enum class OutputFormat { kJsonLines, kCsv, kNpy };

// `format` is "jsonl", "csv" or "npy"; if it is empty, the file's ending decides. kInvalidArgument lists the choices.
[[nodiscard]] Result<OutputFormat> ChooseFormat(const std::filesystem::path& file, std::string_view format);
[[nodiscard]] std::string_view ToString(OutputFormat format);

// Beside FILE stands FILE.index.jsonl. Its first line holds the settings that the answers were made with; each further
// line names a picture and says where its record ends in FILE, in the order of the records. A record is written first
// and its line second, and only what has its line counts: Open cuts off the rest, whatever moment the last run was
// killed at. In a .npy the header's row count grows with every row, so that it can always be loaded. Not thread-safe.
class OutputFile {
 public:
  struct Options {
    std::filesystem::path file;
    OutputFormat format = OutputFormat::kJsonLines;
    std::string settings;  // a JSON object with everything that decides what a record says
    std::string header;    // what the file begins with; kNpy: made here
    int dimension = 0;     // kNpy: columns
  };

  // kInvalidArgument: the file cannot be written, was not made by this program, was begun with other settings (which
  // are named), or another run is writing it now.
  [[nodiscard]] static Result<std::unique_ptr<OutputFile>> Open(Options options);

  [[nodiscard]] bool Has(const std::string& name) const { return done_.contains(name); }
  [[nodiscard]] std::size_t count() const { return done_.size(); }

  // `record`: whole lines; kNpy: the little-endian float32 of one row. After an error (the disk is full) the run is
  // over.
  [[nodiscard]] Status Append(const std::string& name, std::string_view record);

  // Everything is on the disk when this returns.
  [[nodiscard]] Status Sync();

 private:
  OutputFile(Options options, int data, int index) : options_(std::move(options)), data_(data), index_(index) {}
  [[nodiscard]] Status ReadIndex();
  [[nodiscard]] Status ReadEntries(std::string_view lines);
  [[nodiscard]] Status CheckSettings(std::string_view line) const;
  [[nodiscard]] Status WriteHeader();
  [[nodiscard]] std::string IndexName() const;

  const Options options_;
  const FileDescriptor data_;
  const FileDescriptor index_;
  std::unordered_set<std::string> done_;
  std::uint64_t data_end_ = 0;
  std::uint64_t index_end_ = 0;
};

}  // namespace hailo_clip
