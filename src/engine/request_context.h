// What travels with a request through every stage.
#pragma once

#include <stop_token>
#include <string>

#include "base/clock.h"

namespace hailo_clip {

enum class Priority {
  kInteractive,  // somebody waits for the answer
  kBulk,         // gets the device while nobody waits
};

// Work whose deadline has passed or whose client is gone is dropped before it costs device time.
struct RequestContext {
  SteadyTime deadline = SteadyTime::max();
  std::stop_token cancelled;  // requested when whoever asked is gone
  Priority priority = Priority::kInteractive;
  std::string client;      // an address; clients take turns at an encoder, however much each of them sends
  bool use_caches = true;  // false: nothing is looked up and nothing is kept
};

}  // namespace hailo_clip
