// Errors as values: Result<T> is T or an Error with a protocol-agnostic code and one clear sentence.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace hailo_clip {

// What went wrong, from the caller's point of view. http/ maps each to a status in one table, cli/ to
// an exit status. Vendor codes never appear here; an adapter puts the vendor's number into the message.
enum class ErrorCode {
  kInvalidArgument,   // the input is malformed or out of range; the message names what and the remedy
  kTooLarge,          // a size limit was exceeded; the message names the limit
  kUnsupported,       // well-formed, but of a kind that is not supported; the message lists what is
  kNotFound,          // a named thing (model, file, label set) does not exist
  kBusy,              // no room in a bounded queue now; try again later
  kUnavailable,       // not ready: still loading, stopping, or unhealthy
  kDeadlineExceeded,  // the request's time ran out
  kCancelled,         // whoever asked is gone
  kDeviceLost,        // the accelerator stopped answering
  kBadModel,          // the model's files are damaged, inconsistent or do not reproduce the self-test
  kOutOfMemory,       // an allocation or a device memory limit failed
  kInternal,          // a defect of this program
};

[[nodiscard]] std::string_view ToString(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // one sentence for a person, without a trailing full stop
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// return Fail(ErrorCode::kNotFound, "no model named '{}'", name);
template <typename... Args>
[[nodiscard]] std::unexpected<Error> Fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// The same error with a prefix that says where: "prompts[3]: must not be empty".
[[nodiscard]] std::unexpected<Error> FailWithin(std::string_view where, Error error);

// The system's words for an errno.
[[nodiscard]] std::string SystemMessage(int error);

}  // namespace hailo_clip

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses
#define HC_CONCAT_INNER(a, b) a##b
#define HC_CONCAT(a, b) HC_CONCAT_INNER(a, b)

// HC_TRY(expression): returns its error from the current function, if it has one.
#define HC_TRY(expression)                                                                                           \
  do {                                                                                                               \
    if (auto hc_status = (expression); !hc_status.has_value()) return std::unexpected(std::move(hc_status).error()); \
  } while (false)

// HC_ASSIGN(auto value, expression): the value, or returns its error from the current function.
#define HC_ASSIGN(declaration, expression) HC_ASSIGN_INNER(HC_CONCAT(hc_result_, __LINE__), declaration, expression)
#define HC_ASSIGN_INNER(result, declaration, expression)                      \
  auto result = (expression);                                                 \
  if (!result.has_value()) return std::unexpected(std::move(result).error()); \
  declaration = *std::move(result)
// NOLINTEND(bugprone-macro-parentheses)
