// What travels with a request through every stage.
#pragma once

#include <stop_token>

#include "base/clock.h"

namespace hailo_clip {

// Work whose deadline has passed or whose client is gone is dropped before it costs device time.
struct RequestContext {
  SteadyTime deadline = SteadyTime::max();
  std::stop_token cancelled;  // requested when whoever asked is gone
};

}  // namespace hailo_clip
