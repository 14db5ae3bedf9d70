// Which handler answers a method and path.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "http/content_type.h"
#include "http/error_status.h"
#include "http/request.h"
#include "http/response.h"

namespace hailo_clip::http {

// Straight-line code that may block; thread-safe. An Error becomes the answer that the route's ErrorShape makes of it.
using Handler = std::function<Result<Response>(Request&, const RequestContext&)>;

enum class RunsOn {
  kWorker,    // a thread of the worker pool, subject to admission and the request timeout
  kIoThread,  // at once, even when the pool is full: only for handlers that take microseconds
};

struct Route {
  std::string method;   // "GET" (answers HEAD too), "POST", "PUT" or "DELETE"
  std::string pattern;  // "/v1/classify", or "/v1/models/*" for one or more characters in place of the star
  Handler handler;
  RunsOn runs_on = RunsOn::kWorker;
  std::vector<BodyKind> accepts;  // kinds of body; empty: the route takes no body
  bool quiet = false;             // logged at DEBUG: polled by machines
  bool open = false;              // answered without an API key and at any rate: says nothing but how the service is
};

// Filled before the server starts, then only read.
class Router {
 public:
  void Add(Route route);
  // Errors below `prefix` look as `shape` says, also on paths there that do not exist. The longest prefix wins; the
  // default is kNativeErrors.
  void SetErrors(std::string prefix, const ErrorShape& shape);

  struct Match {
    const Route* route = nullptr;  // nullptr: 405 if `allow` is not empty, else 404
    std::string allow;             // methods that the path knows: "GET, HEAD"
    std::string_view tail;         // into the path
    const ErrorShape* errors = nullptr;
  };
  [[nodiscard]] Match Find(std::string_view method, std::string_view path) const;

 private:
  std::vector<Route> routes_;
  std::vector<std::pair<std::string, const ErrorShape*>> error_shapes_;
};

}  // namespace hailo_clip::http
