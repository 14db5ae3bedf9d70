// Which of the waiting inputs make the next batch. A pure function.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/request_context.h"

namespace hailo_clip {

struct WaitingInput {
  Priority priority = Priority::kInteractive;
  SteadyTime deadline = SteadyTime::max();
  std::string_view client;
  std::size_t length = 0;  // in tokens, where a batch costs as much as its longest member; else 0
};

// Indexes into `waiting`, which is in the order of arrival: at most `max`, the most urgent first. Interactive inputs go
// before bulk ones, which fill what is left of a batch. Clients take turns: of each the input with the earliest
// deadline, then of each the second one, and so on; equals go by arrival. Only inputs that are about as long as the
// most urgent one come along, since shorter ones would be padded and longer ones would make all of them wait.
[[nodiscard]] std::vector<std::size_t> ChooseBatch(std::span<const WaitingInput> waiting, std::size_t max);

}  // namespace hailo_clip
