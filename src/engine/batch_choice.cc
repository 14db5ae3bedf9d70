#include "engine/batch_choice.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace hailo_clip {
namespace {

// Half as long again, and a few tokens more: a run costs something by itself, so a strict rule would make many small
// batches of a few short prompts.
bool FitTogether(std::size_t a, std::size_t b) {
  const auto [shorter, longer] = std::minmax(a, b);
  return longer <= shorter + shorter / 2 + 4;
}

}  // namespace

std::vector<std::size_t> ChooseBatch(std::span<const WaitingInput> waiting, std::size_t max) {
  std::vector<std::size_t> order(waiting.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {},
                           [&](std::size_t i) { return std::pair(waiting[i].priority, waiting[i].deadline); });
  std::map<std::pair<Priority, std::string_view>, std::size_t> taken;
  std::vector<std::size_t> turns(waiting.size());
  for (const std::size_t i : order) turns[i] = taken[{waiting[i].priority, waiting[i].client}]++;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return std::pair(waiting[i].priority, turns[i]); });
  if (order.empty()) return order;
  const std::size_t length = waiting[order.front()].length;
  std::erase_if(order, [&](std::size_t i) { return !FitTogether(waiting[i].length, length); });
  order.resize(std::min(order.size(), max));
  return order;
}

}  // namespace hailo_clip
