#include "text/token_ids.h"

#include <functional>

namespace hailo_clip {

std::string QuotedToken(std::string_view token) {
  std::string quoted = "'";
  for (const char c : token.substr(0, 40)) quoted.push_back(static_cast<unsigned char>(c) < 0x20 ? '?' : c);
  return quoted + (token.size() > 40 ? "...'" : "'");
}

std::string_view TokenIds::TextOf(const Entry& entry) const {
  return std::string_view(text_).substr(entry.offset, entry.size);
}

std::size_t TokenIds::SlotOf(std::string_view token) const {
  std::size_t slot = std::hash<std::string_view>{}(token) & (slots_.size() - 1);
  while (slots_[slot] != 0 && TextOf(entries_[slots_[slot] - 1]) != token) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void TokenIds::Grow() {
  slots_.assign(slots_.empty() ? 2048 : slots_.size() * 2, 0);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) slots_[SlotOf(TextOf(entries_[i]))] = i + 1;
}

Status TokenIds::Add(std::string_view token, std::int64_t id) {
  if (id < 0 || id >= static_cast<std::int64_t>(kMaxBpeVocabulary))
    return Fail(ErrorCode::kBadModel, "token {} has the id {}, which is not in 0..{}", QuotedToken(token), id,
                kMaxBpeVocabulary - 1);
  const auto index = static_cast<std::size_t>(id);
  if (index < used_ids_.size() && used_ids_[index])
    return Fail(ErrorCode::kBadModel, "the id {} of token {} is given to another token too", id, QuotedToken(token));
  if ((entries_.size() + 1) * 2 > slots_.size()) Grow();
  const std::size_t slot = SlotOf(token);
  if (slots_[slot] != 0) return Fail(ErrorCode::kBadModel, "token {} is there twice", QuotedToken(token));

  if (index >= used_ids_.size()) used_ids_.resize(index + 1);
  used_ids_[index] = true;
  entries_.push_back(
      {.offset = text_.size(), .size = static_cast<std::uint32_t>(token.size()), .id = static_cast<BpeId>(id)});
  text_ += token;
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  return {};
}

std::optional<BpeId> TokenIds::Find(std::string_view token) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t found = slots_[SlotOf(token)];
  if (found == 0) return std::nullopt;
  return entries_[found - 1].id;
}

}  // namespace hailo_clip
