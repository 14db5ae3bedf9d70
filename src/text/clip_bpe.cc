#include "text/clip_bpe.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "text/clip_words.h"
#include "text/normalise.h"

namespace hailo_clip {

// One text on its way to ids: special tokens are found twice, before and after the text is normalised.
class ClipBpeTokenizer::Encoding {
 public:
  // Stops once there are more than `max_ids` ids.
  Encoding(const ClipBpeTokenizer& tokenizer, std::size_t max_ids, std::vector<std::int32_t>& ids)
      : vocabulary_(tokenizer.vocabulary_),
        cache_(tokenizer.cache_),
        encoder_(vocabulary_.rules),
        max_ids_(max_ids),
        ids_(ids) {}

  void AddText(std::string_view text) {
    SplitAtTokens(text, false, [this](std::string_view piece) {
      normalised_.clear();
      AppendNormalised(piece, normalised_);
      SplitAtTokens(normalised_, true, [this](std::string_view words) {
        ForEachClipWord(words, [this](std::string_view word) { return AddWord(word); });
      });
    });
  }

 private:
  [[nodiscard]] bool full() const { return ids_.size() > max_ids_; }

  // Adds the ids of the special tokens of this kind and gives the text between them to `on_piece`, in order.
  template <typename OnPiece>
  void SplitAtTokens(std::string_view text, bool normalised, OnPiece&& on_piece) {
    while (!full()) {
      std::size_t at = std::string_view::npos;
      const SpecialToken* found = nullptr;
      for (const SpecialToken* token : {&vocabulary_.start, &vocabulary_.end}) {
        if (token->normalised != normalised) continue;
        if (const std::size_t position = text.find(token->text); position < at) {
          at = position;
          found = token;
        }
      }
      on_piece(text.substr(0, at));
      if (found == nullptr) return;
      ids_.push_back(found->id);
      text.remove_prefix(at + found->text.size());
    }
  }

  bool AddWord(std::string_view word) {
    if (!cache_.Find(word, ids_)) {
      const std::vector<BpeId>& ids = encoder_.Encode(word);
      cache_.Insert(word, ids);
      ids_.insert(ids_.end(), ids.begin(), ids.end());
    }
    return !full();
  }

  const ClipVocabulary& vocabulary_;
  WordCache& cache_;
  BpeEncoder encoder_;
  std::size_t max_ids_;
  std::vector<std::int32_t>& ids_;
  std::string normalised_;
};

Tokens ClipBpeTokenizer::Encode(std::string_view text, int context_length) const {
  const auto room = static_cast<std::size_t>(std::max(context_length, 2)) - 1;  // the end token has the last place
  Tokens tokens;
  tokens.ids.reserve(std::min(room, text.size()) + 2);
  tokens.ids.push_back(vocabulary_.start.id);
  Encoding(*this, room, tokens.ids).AddText(text);
  if (tokens.ids.size() > room) {
    tokens.ids.resize(room);
    tokens.truncated = true;
  }
  tokens.ids.push_back(vocabulary_.end.id);
  return tokens;
}

namespace {

Result<std::string> ReadVocabularyFile(const std::filesystem::path& path) {
  auto content = ReadFile(path, kMaxVocabularyBytes);
  if (!content) return Fail(ErrorCode::kBadModel, "{}", content.error().message);
  return content;
}

// Where the trouble is and what to do about it, around what is wrong.
Error WithRemedy(const std::filesystem::path& path, Error error) {
  error.message = fmt::format(
      "tokenizer file {}: {}; fetch the file again from where the model came from, or use a "
      "model with CLIP's own tokenizer",
      path.string(), error.message);
  return error;
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> CreateClipBpeTokenizer(const std::vector<std::string>& files,
                                                          const std::filesystem::path& folder) {
  const auto ends = [&](std::size_t i, std::string_view suffix) { return files[i].ends_with(suffix); };
  const bool pair =
      files.size() == 2 && ((ends(0, ".json") && ends(1, ".txt")) || (ends(0, ".txt") && ends(1, ".json")));
  const bool single = files.size() == 1 && (ends(0, ".json") || ends(0, ".txt") || ends(0, ".gz"));
  if (!pair && !single)
    return Fail(ErrorCode::kBadModel,
                "tokenizer files [{}]: name tokenizer.json, or vocab.json and merges.txt, or a merges list (.txt, .gz)",
                fmt::join(files, ", "));

  const std::filesystem::path first = folder / files[pair && ends(0, ".txt") ? 1 : 0];
  HC_ASSIGN(const std::string content, ReadVocabularyFile(first));
  Result<ClipVocabulary> vocabulary = Fail(ErrorCode::kInternal, "no reader");
  if (pair) {
    HC_ASSIGN(const std::string merges, ReadVocabularyFile(folder / files[ends(0, ".txt") ? 0 : 1]));
    vocabulary = ReadVocabJsonAndMerges(content, merges);
  } else if (ends(0, ".json")) {
    vocabulary = ReadTokenizerJson(content);
  } else {
    vocabulary = ends(0, ".gz") ? ReadGzippedMerges(content) : ReadMerges(content);
  }
  if (!vocabulary) return std::unexpected(WithRemedy(first, std::move(vocabulary).error()));
  return std::make_unique<ClipBpeTokenizer>(*std::move(vocabulary));
}

}  // namespace hailo_clip
