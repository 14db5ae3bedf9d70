#include "http/error_status.h"

#include "base/json_writer.h"

namespace hailo_clip::http {

int StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return 400;
    case ErrorCode::kTooLarge: return 413;
    case ErrorCode::kUnsupported: return 415;
    case ErrorCode::kNotFound: return 422;  // a model or label set that is named in a body, never a route
    case ErrorCode::kBusy: return 429;
    case ErrorCode::kCancelled: return 499;  // nobody is left to read it; for the log
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeviceLost:
    case ErrorCode::kBadModel:
    case ErrorCode::kOutOfMemory: return 503;
    case ErrorCode::kDeadlineExceeded: return 504;
    case ErrorCode::kInternal: return 500;
  }
  return 500;
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Payload Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

namespace {

std::string NativeBody(int /*status*/, std::optional<ErrorCode> /*code*/, std::string_view message) {
  JsonWriter json;
  json.BeginObject().Key("error").String(message).EndObject();
  return std::move(json).Take();
}

}  // namespace

const ErrorShape kNativeErrors{StatusOf, NativeBody};

}  // namespace hailo_clip::http
