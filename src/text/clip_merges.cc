// The readers of merges, one pair a line.
#include <algorithm>
#include <functional>

#include "text/clip_vocabulary.h"
#include "text/gzip.h"

namespace hailo_clip {
namespace {

using OnMerge = std::function<Status(std::string_view left, std::string_view right)>;

// Calls `on_merge` for the first `max_merges` lines after the "#version" line, if there is one.
Status ForEachMerge(std::string_view text, std::size_t max_merges, const OnMerge& on_merge) {
  std::size_t merges = 0;
  for (std::size_t line_number = 1; !text.empty() && merges < max_merges; ++line_number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line_number == 1 && line.substr(0, 64).find("#version") != line.npos) continue;
    const std::size_t space = line.find(' ');
    if (space == line.npos || space == 0 || space + 1 == line.size() || line.find(' ', space + 1) != line.npos)
      return Fail(ErrorCode::kBadModel, "line {} is not a merge, two tokens with one space between them", line_number);
    if (Status status = on_merge(line.substr(0, space), line.substr(space + 1)); !status)
      return FailWithin(fmt::format("line {}", line_number), std::move(status).error());
    ++merges;
  }
  if (merges == 0) return Fail(ErrorCode::kBadModel, "there are no merges in it");
  return {};
}

}  // namespace

Status AddMergeLines(std::string_view text, ClipVocabularyBuilder& builder) {
  return ForEachMerge(text, kMaxBpeVocabulary,
                      [&](std::string_view left, std::string_view right) { return builder.AddMerge(left, right); });
}

Result<ClipVocabulary> ReadMerges(std::string_view merges, std::size_t max_merges) {
  ClipVocabularyBuilder builder;
  HC_TRY(builder.AddByteTokens());
  HC_TRY(ForEachMerge(merges, max_merges, [&](std::string_view left, std::string_view right) {
    return builder.AddMergeAndToken(left, right);
  }));
  SpecialToken start = DefaultStartToken(), end = DefaultEndToken();
  HC_TRY(builder.AddToken(start.text, builder.ids().largest_id() + 1));
  HC_TRY(builder.AddToken(end.text, builder.ids().largest_id() + 1));
  return builder.Finish(std::move(start), std::move(end));
}

Result<ClipVocabulary> ReadGzippedMerges(std::string_view gzip) {
  HC_ASSIGN(const std::string merges, Gunzip(gzip, kMaxVocabularyBytes));
  return ReadMerges(merges, kClipMerges);
}

}  // namespace hailo_clip
