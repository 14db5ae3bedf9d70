#include "http/invoke.h"

#include <exception>
#include <new>
#include <string>

namespace hailo_clip::http {
namespace {

Result<Response> Call(const Route& route, Request& request, const RequestContext& context) {
  try {
    return route.handler(request, context);
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kOutOfMemory, "not enough memory for this request now; try again later");
  } catch (const std::exception& exception) {
    return Fail(ErrorCode::kInternal, "exception in the handler of {}: {}", route.pattern, exception.what());
  }
}

}  // namespace

Response ErrorResponse(const Error& error, const ErrorShape& errors, std::string_view request_id,
                       const Logger& logger) {
  const int status = errors.status(error.code);
  std::string message = error.message;
  if (error.code == ErrorCode::kInternal) {
    logger.Error("internal error", {{"request_id", request_id}, {"error", message}});
    message = fmt::format("internal error; the service's log has the details under request id {}", request_id);
  }
  return JsonResponse(errors.body(status, error.code, message), status);
}

Response Invoke(const Route& route, const ErrorShape& errors, Request& request, const RequestContext& context,
                const Logger& logger) noexcept {
  Result<Response> response = Call(route, request, context);
  if (response) return *std::move(response);
  return ErrorResponse(response.error(), errors, request.id, logger);
}

}  // namespace hailo_clip::http
