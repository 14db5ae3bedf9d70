// The words that manifests use for the values of enums: one table for reading and writing.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "model/manifest.h"
#include "model/section.h"

namespace hailo_clip {

inline constexpr std::array kFamilyWords = {EnumWord{"clip", ModelFamily::kClip},
                                            EnumWord{"siglip", ModelFamily::kSiglip}};
inline constexpr std::array kActivationWords = {EnumWord{"softmax", Activation::kSoftmax},
                                                EnumWord{"sigmoid", Activation::kSigmoid}};
inline constexpr std::array kResizeWords = {EnumWord{"shortest_side", ResizeMode::kShortestSide},
                                            EnumWord{"squash", ResizeMode::kSquash}};
inline constexpr std::array kInterpolationWords = {EnumWord{"bicubic", Interpolation::kBicubic},
                                                   EnumWord{"bilinear", Interpolation::kBilinear}};
inline constexpr std::array kCropRoundingWords = {EnumWord{"half_to_even", CropRounding::kHalfToEven},
                                                  EnumWord{"down", CropRounding::kDown}};
inline constexpr std::array kTokenizerWords = {EnumWord{"clip_bpe", TokenizerKind::kClipBpe},
                                               EnumWord{"wordpiece", TokenizerKind::kWordPiece},
                                               EnumWord{"sentencepiece", TokenizerKind::kSentencePiece}};
inline constexpr std::array kSentencePieceIdsWords = {EnumWord{"t5", SentencePieceIds::kT5},
                                                      EnumWord{"xlm_roberta", SentencePieceIds::kXlmRoberta},
                                                      EnumWord{"tokenizer_json", SentencePieceIds::kTokenizerJson}};
inline constexpr std::array kTextCleaningWords = {
    EnumWord{"none", TextCleaning::kNone}, EnumWord{"lower_case", TextCleaning::kLowerCase},
    EnumWord{"siglip", TextCleaning::kSiglip}, EnumWord{"open_clip", TextCleaning::kOpenClip}};
inline constexpr std::array kTextPaddingWords = {EnumWord{"longest", TextPadding::kLongest},
                                                 EnumWord{"context_length", TextPadding::kContextLength}};
inline constexpr std::array kYesNoWords = {EnumWord{"true", true}, EnumWord{"false", false}};

template <typename Enum, std::size_t size>
[[nodiscard]] std::string_view WordOf(Enum value, const std::array<EnumWord<Enum>, size>& words) {
  const auto found = std::ranges::find(words, value, &EnumWord<Enum>::value);
  return found == words.end() ? std::string_view() : found->word;
}

}  // namespace hailo_clip
