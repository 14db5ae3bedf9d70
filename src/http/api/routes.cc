#include "http/api/routes.h"

namespace hailo_clip::http {

Router MakeRoutes(const ApiContext& context) {
  Router router;
  AddHealthRoutes(router, context);
  AddNativeRoutes(router, context);
  AddBatchRoutes(router, context);
  AddLabelSetRoutes(router, context);
  AddOpenAiRoutes(router, context);
  AddOperationsRoutes(router, context);
  return router;
}

}  // namespace hailo_clip::http
