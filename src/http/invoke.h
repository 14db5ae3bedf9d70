// Runs a handler and turns whatever it does into an answer.
#pragma once

#include "base/log.h"
#include "http/body_channel.h"
#include "http/error_status.h"
#include "http/request.h"
#include "http/response.h"
#include "http/router.h"

namespace hailo_clip::http {

// Exceptions that escape a handler are a defect: 500, details in the log only. Never throws.
[[nodiscard]] Response Invoke(const Route& route, const ErrorShape& errors, Request& request,
                              const RequestContext& context, const Logger& logger) noexcept;

// Runs the stream of a response to its end. What it returns goes last; an error or exception becomes a line.
void InvokeStream(const BodyStream& stream, const Route& route, const ErrorShape& errors, std::string_view request_id,
                  BodyChannel& channel, const Logger& logger) noexcept;

// The answer for `error` in the shape of the route; an internal error's message stays in the log.
[[nodiscard]] Response ErrorResponse(const Error& error, const ErrorShape& errors, std::string_view request_id,
                                     const Logger& logger);

}  // namespace hailo_clip::http
