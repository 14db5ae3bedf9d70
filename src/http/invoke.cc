#include "http/invoke.h"

#include <exception>
#include <new>
#include <string>

namespace hailo_clip::http {
namespace {

template <typename Answer>
Result<Answer> Call(const Route& route, const std::function<Result<Answer>()>& work) {
  try {
    return work();
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
  Result<Response> response = Call<Response>(route, [&] { return route.handler(request, context); });
  if (response) return *std::move(response);
  return ErrorResponse(response.error(), errors, request.id, logger);
}

void InvokeStream(const BodyStream& stream, const Route& route, const ErrorShape& errors, std::string_view request_id,
                  BodyChannel& channel, const Logger& logger) noexcept {
  const BodyWriter write = [&channel](const std::string& piece) { return channel.Write(piece); };
  Result<std::string> last = Call<std::string>(route, [&] { return stream(write); });
  channel.Close(last ? *last : ErrorResponse(last.error(), errors, request_id, logger).body + "\n");
}

}  // namespace hailo_clip::http
