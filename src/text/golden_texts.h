// The committed golden data of CLIP's tokenizer, for tests and benchmarks (see tests/data/clip/README.md).
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"

namespace hailo_clip::golden {

struct Text {
  std::string kind, text;
  std::vector<std::int32_t> hf, openai, truncated77;
};

inline std::filesystem::path Folder() { return std::filesystem::path(HAILO_CLIP_SOURCE_DIR) / "tests/data/clip"; }

// The file's content; ends the program if it cannot be read.
inline std::string Read(const std::string& name) {
  auto content = ReadFile(Folder() / name, 16 << 20);
  if (!content) std::abort();
  return *std::move(content);
}

// The 2,403 lines of tokens.jsonl.
inline std::vector<Text> Texts() {
  const auto ids = [](const simdjson::dom::element& line, std::string_view key) {
    std::vector<std::int32_t> values;
    const simdjson::dom::array array = line[key].get_array().value_unsafe();
    for (const auto value : array) values.push_back(static_cast<std::int32_t>(value.get_int64().value_unsafe()));
    return values;
  };
  std::vector<Text> texts;
  std::istringstream lines(Read("tokens.jsonl"));
  simdjson::dom::parser parser;
  for (std::string line; std::getline(lines, line);) {
    const simdjson::dom::element row = parser.parse(line).value_unsafe();
    texts.push_back({.kind = std::string(row["kind"].get_string().value_unsafe()),
                     .text = std::string(row["text"].get_string().value_unsafe()),
                     .hf = ids(row, "hf"),
                     .openai = ids(row, "openai"),
                     .truncated77 = ids(row, "truncated77")});
  }
  return texts;
}

// The text and the ids under `key` of each line of a .jsonl file.
inline std::vector<std::pair<std::string, std::vector<std::int32_t>>> TextsWithIds(const std::filesystem::path& file,
                                                                                   std::string_view key) {
  std::vector<std::pair<std::string, std::vector<std::int32_t>>> texts;
  std::istringstream lines(ReadFile(file, 16 << 20).value());
  simdjson::dom::parser parser;
  for (std::string line; std::getline(lines, line);) {
    const simdjson::dom::element row = parser.parse(line).value_unsafe();
    auto& [text, ids] = texts.emplace_back(row["text"].get_string().value_unsafe(), std::vector<std::int32_t>());
    const simdjson::dom::array array = row[key].get_array().value_unsafe();
    for (const auto id : array) ids.push_back(static_cast<std::int32_t>(id.get_int64().value_unsafe()));
  }
  return texts;
}

// vocab.json and merges.txt, made from tokenizer.json: the same content in the older pair of files.
struct OlderPair {
  std::string vocab_json, merges_txt;
  std::vector<std::string> merges;  // "left right"
};

inline OlderPair MakeOlderPair() {
  simdjson::dom::parser parser;
  const simdjson::dom::element model = parser.parse(Read("tokenizer.json")).value_unsafe()["model"].value_unsafe();
  OlderPair pair;
  pair.vocab_json = simdjson::minify(model["vocab"].value_unsafe());
  pair.merges_txt = "#version: 0.2\n";
  const simdjson::dom::array merges = model["merges"].get_array().value_unsafe();
  for (const auto merge : merges) {
    pair.merges.emplace_back(merge.get_string().value_unsafe());
    pair.merges_txt += pair.merges.back() + "\n";
  }
  return pair;
}

}  // namespace hailo_clip::golden
