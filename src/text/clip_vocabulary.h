// CLIP's vocabulary and its file formats, from bytes: what is in them is checked, whoever wrote them.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/bpe.h"
#include "text/token_ids.h"

namespace hailo_clip {

// A token that is found in the text as it stands, not made of bytes.
struct SpecialToken {
  std::string text;
  BpeId id = 0;
  // Found after normal form and lower case (so that "<|StartOfText|>" counts), not before.
  bool normalised = false;
};

struct ClipVocabulary {
  BpeRules rules;
  SpecialToken start, end;
  int size = 0;  // largest id + 1
};

// Collects tokens and merges in any of the formats. Errors are kBadModel and name the token or merge.
class ClipVocabularyBuilder {
 public:
  [[nodiscard]] Status AddToken(std::string_view token, std::int64_t id) { return ids_.Add(token, id); }
  // Adds the 512 tokens of bytes, with the ids 0..511.
  [[nodiscard]] Status AddByteTokens();
  // A merge of two tokens into a third, all of them added before. Order is priority.
  [[nodiscard]] Status AddMerge(std::string_view left, std::string_view right);
  // The same, and the third token is added with the next id.
  [[nodiscard]] Status AddMergeAndToken(std::string_view left, std::string_view right);

  [[nodiscard]] const TokenIds& ids() const { return ids_; }
  // `start` and `end` have their texts; their ids are looked up. The builder is empty afterwards.
  [[nodiscard]] Result<ClipVocabulary> Finish(SpecialToken start, SpecialToken end);

 private:
  TokenIds ids_;
  MergeTable merges_;
  std::string joined_;
};

// Adds one merge a line, "left right", after an optional "#version" line.
[[nodiscard]] Status AddMergeLines(std::string_view text, ClipVocabularyBuilder& builder);

// How the files that name no special tokens are understood: "<|startoftext|>" and "<|endoftext|>" in a prompt count
// as the tokens, the first after lower-casing, exactly as with CLIP's published tokenizer.json. (transformers 5 no
// longer finds the first when it builds from vocab.json and merges.txt; here a model's ids do not depend on which
// of its tokenizer files was installed.)
[[nodiscard]] SpecialToken DefaultStartToken();
[[nodiscard]] SpecialToken DefaultEndToken();

// OpenAI's file has 262,144 merges, of which CLIP uses the first.
inline constexpr std::size_t kClipMerges = 48'894;

// All are kBadModel with one sentence about what is wrong, without the file's name.
// Hugging Face's tokenizer.json, refused if it describes anything but CLIP's tokenizer.
[[nodiscard]] Result<ClipVocabulary> ReadTokenizerJson(std::string_view json);
// {"token": id, ...} and one merge a line, "left right", after an optional "#version" line.
[[nodiscard]] Result<ClipVocabulary> ReadVocabJsonAndMerges(std::string_view vocab_json, std::string_view merges);
// Merges alone, all of them or at most `max_merges`: ids follow from their order, then start and end.
[[nodiscard]] Result<ClipVocabulary> ReadMerges(std::string_view merges, std::size_t max_merges = kMaxBpeVocabulary);
// OpenAI's gzipped merges.
[[nodiscard]] Result<ClipVocabulary> ReadGzippedMerges(std::string_view gzip);

}  // namespace hailo_clip
