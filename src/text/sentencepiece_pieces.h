// The vocabulary of a tokenizer.json as a SentencePiece model, so that one library serves both.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace hailo_clip {

// What stands for a space in a piece.
inline constexpr std::string_view kSpaceMark = "\u2581";

// The bytes of a ModelProto with the pieces of `model` (the key of a tokenizer.json, Unigram or BPE) and
// `added_tokens`; ids are positions. It normalises nothing: the text steps have done that. Added tokens are control
// pieces if they are special, and otherwise are found wherever they stand.
//
// BPE: Hugging Face's files rank pairs, SentencePiece ranks pieces. The two are the same for files that were made from
// a SentencePiece model: the merges of a piece stand together, and there is one for each way to cut it into two
// pieces. Files that are not so are refused. (Where merges of one piece overlap in a text, SentencePiece takes the
// left one first.) `cuts_words`: pieces with a "\u2581" behind their first character are never used.
//
// kBadModel names the key: ids that leave gaps or are there twice, scores that are no numbers, a missing unknown token,
// keys that are not understood.
[[nodiscard]] Result<std::string> MakeSentencePieceModel(const simdjson::dom::object& model,
                                                         const simdjson::dom::element& added_tokens, bool cuts_words);

}  // namespace hailo_clip
