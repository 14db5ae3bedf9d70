// All routes of the service. A dialect is one file in this folder and one line in routes.cc.
#pragma once

#include <prometheus/registry.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "engine/engine.h"
#include "http/router.h"

namespace hailo_clip::http {

// What handlers use; all of it outlives the router.
struct ApiContext {
  Engine& engine;
  const Clock& clock;
  std::string version;  // of the program, for /health
  SteadyTime started;   // of the program, for /health
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();  // for /metrics
  std::int64_t created = 0;  // Unix time of the start: what /v1/models gives for the model
};

[[nodiscard]] Router MakeRoutes(const ApiContext& context);

// One function a dialect.
void AddHealthRoutes(Router& router, const ApiContext& context);
void AddNativeRoutes(Router& router, const ApiContext& context);
void AddBatchRoutes(Router& router, const ApiContext& context);
void AddLabelSetRoutes(Router& router, const ApiContext& context);
void AddOpenAiRoutes(Router& router, const ApiContext& context);
void AddOperationsRoutes(Router& router, const ApiContext& context);

}  // namespace hailo_clip::http
