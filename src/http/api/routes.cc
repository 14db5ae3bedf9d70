#include "http/api/routes.h"

#include <ctime>

namespace hailo_clip::http {

Router MakeRouter(ApiContext context) {
  context.started = context.clock.Now();
  context.created = std::time(nullptr);
  Router router;
  AddHealthRoutes(router, context);
  AddNativeRoutes(router, context);
  AddOpenAiRoutes(router, context);
  return router;
}

}  // namespace hailo_clip::http
