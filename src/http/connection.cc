#include "http/connection.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "http/exchange.h"
#include "http/invoke.h"

// In this file no co_await stands inside a larger expression and temporaries are given names: GCC 12 miscompiles some
// of those (GCC bugs 98401, 99576).

namespace hailo_clip::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::system::error_code;
using Field = beast_http::field;

constexpr std::size_t kLeaseStep = std::size_t{1} << 20U;  // of a body whose length is not announced
constexpr std::size_t kJsonPadding = 64;                   // at least SIMDJSON_PADDING

RawHead RawHeadOf(const beast_http::request_parser<beast_http::buffer_body>& parser) {
  const auto& fields = parser.get();
  RawHead raw;
  raw.method = fields.method_string();
  raw.target = fields.target();
  raw.version = fields.version();
  raw.host_count = fields.count(Field::host);
  raw.host = fields[Field::host];
  raw.origin = fields[Field::origin];
  raw.x_api_key = fields["X-API-Key"];
  raw.authorization = fields[Field::authorization];
  raw.content_type = fields[Field::content_type];
  raw.accept = fields[Field::accept];
  raw.content_encoding = fields[Field::content_encoding];
  raw.expect = fields[Field::expect];
  raw.request_id = fields["X-Request-Id"];
  raw.if_none_match = fields[Field::if_none_match];
  raw.cache_control = fields[Field::cache_control];
  if (const auto length = parser.content_length()) raw.content_length = *length;
  raw.chunked = parser.chunked();
  return raw;
}

}  // namespace

Shared::Shared(const Router& r, const Logger& l, const Clock& c, const Limits& limits, ApiKeys keys,
               std::size_t max_requests, std::shared_ptr<prometheus::Registry> counted)
    : router(r),
      logger(l),
      clock(c),
      access(std::move(keys)),
      budget(limits.max_body_bytes_in_flight),
      pool(std::make_unique<WorkerPool>(max_requests, c)),
      registry(std::move(counted)),
      metrics(*registry),
      limits_(std::make_shared<const Limits>(limits)) {}

std::shared_ptr<const Limits> Shared::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

void Shared::SetLimits(const Limits& limits) {
  budget.SetCapacity(limits.max_body_bytes_in_flight);
  auto fresh = std::make_shared<const Limits>(limits);
  const std::lock_guard lock(mutex_);
  limits_ = std::move(fresh);
}

Connection::Connection(Socket socket, Shared& shared)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      done_(socket_.get_executor()),
      buffer_(shared.limits()->max_header_bytes + kReadBytes),
      shared_(shared),
      limits_(shared.limits()) {
  error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (!error) remote_ = endpoint.address().to_string();
  std::ignore = socket_.set_option(asio::ip::tcp::no_delay(true), error);
}

asio::awaitable<void> Connection::Run() {
  Next next = Next::kServe;
  while (next == Next::kServe) {
    const bool arrived = co_await WaitForFirstByte();
    if (arrived)
      next = co_await ServeOne();
    else
      next = timed_out_ ? Next::kLinger : Next::kClose;
  }
  if (next == Next::kLinger) co_await Linger();
  StopTimer();
  error_code ignored;
  std::ignore = socket_.close(ignored);
}

asio::awaitable<void> Connection::RunRefused() {
  Exchange exchange;
  exchange.begun = shared_.clock.Now();
  exchange.head = ReadHead(RawHead{}, shared_.router, *limits_);
  unread_body_ = true;
  Refusal refusal{.status = 503,
                  .message = "too many connections (server.max_connections); try again later",
                  .headers = {{"Retry-After", "1"}}};
  co_await Refuse(exchange, std::move(refusal));
  co_await Linger();
  error_code ignored;
  std::ignore = socket_.close(ignored);
}

// Waits as long as a connection may be silent; true if a request begins.
asio::awaitable<bool> Connection::WaitForFirstByte() {
  limits_ = shared_.limits();
  if (buffer_.size() > 0) co_return true;
  std::chrono::milliseconds patience = served_ ? limits_->idle_timeout : limits_->header_timeout;
  if (shared_.stopping) patience = served_ ? limits_->stop_grace : limits_->first_stop_grace;
  idle_ = true;
  StartTimer(patience);
  error_code error;
  const auto space = buffer_.prepare(4096);
  const std::size_t count = co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
  StopTimer();
  idle_ = false;
  buffer_.commit(count);
  co_return !error;
}

asio::awaitable<Connection::Next> Connection::ServeOne() {
  Exchange exchange;
  exchange.begun = shared_.clock.Now();
  exchange.parser.header_limit(static_cast<std::uint32_t>(limits_->max_header_bytes));
  exchange.parser.body_limit(boost::none);  // checked by ReadHead and ReadBody, which know what to answer
  StartTimer(limits_->header_timeout);
  error_code error;
  co_await beast_http::async_read_header(socket_, buffer_, exchange.parser,
                                         asio::redirect_error(asio::use_awaitable, error));
  StopTimer();
  if (error) {
    const Next next = co_await AnswerBadHeader(exchange, error);
    co_return next;
  }
  exchange.head = HeadOf(exchange);
  exchange.keep_alive = exchange.parser.get().keep_alive();
  exchange.head_only = exchange.head.request.method == "HEAD";

  if (exchange.head.refusal) {
    Refusal refusal = *std::exchange(exchange.head.refusal, std::nullopt);
    unread_body_ = exchange.head.has_body;
    const Next next = co_await Refuse(exchange, std::move(refusal));
    co_return next;
  }
  const BodyEnd end = co_await ReadBody(exchange);
  if (end != BodyEnd::kComplete) {
    const Next next = co_await AnswerBadBody(exchange, end);
    co_return next;
  }
  exchange.head.request.received = shared_.clock.Now();
  Next next = Next::kClose;
  if (exchange.head.match.route->runs_on == RunsOn::kIoThread) {
    Response response = Invoke(*exchange.head.match.route, *exchange.head.match.errors, exchange.head.request,
                               RequestContext{}, shared_.logger);
    next = co_await Answer(exchange, std::move(response));
  } else {
    next = co_await RunInPool(exchange);
  }
  co_return next;
}

// Of a header that is complete.
RequestHead Connection::HeadOf(const Exchange& exchange) const {
  const AccessCheck check_access = [this](const RawHead& raw, Request& request) {
    Access::Admission admission = shared_.access.Admit({.x_api_key = raw.x_api_key, .authorization = raw.authorization},
                                                       remote_, limits_->rate, shared_.clock.Now());
    request.key = std::move(admission.key);
    return std::move(admission.refusal);
  };
  RequestHead head = ReadHead(RawHeadOf(exchange.parser), shared_.router, *limits_, check_access);
  head.request.remote = remote_;
  return head;
}

asio::awaitable<Connection::Next> Connection::AnswerBadHeader(Exchange& exchange, error_code error) {
  exchange.head = ReadHead(RawHead{}, shared_.router, *limits_);
  exchange.head.request.remote = remote_;
  unread_body_ = true;
  Refusal refusal{.status = 400, .message = "", .headers = {}};
  if (timed_out_) {
    refusal.status = 408;
    refusal.message = "the request's header did not arrive in time (server.header_timeout_s)";
  } else if (error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow) {
    refusal.status = 431;
    refusal.message =
        fmt::format("the header is larger than {} bytes (server.max_header_bytes)", limits_->max_header_bytes);
  } else if (error == beast_http::error::bad_version) {
    refusal.status = 505;
    refusal.message = "only HTTP/1.0 and HTTP/1.1 are spoken here";
  } else if (error.category() == beast_http::make_error_code(beast_http::error::bad_method).category() &&
             error != beast_http::error::end_of_stream && error != beast_http::error::partial_message) {
    refusal.message = fmt::format("malformed HTTP request: {}", error.message());
  } else {
    co_return Next::kClose;  // the client left inside its header
  }
  const Next next = co_await Refuse(exchange, std::move(refusal));
  co_return next;
}

// Reads the body up to the limit into the request; memory is taken from the budget first.
asio::awaitable<Connection::BodyEnd> Connection::ReadBody(Exchange& exchange) {
  RequestHead& head = exchange.head;
  if (!head.has_body) co_return BodyEnd::kComplete;
  std::string& body = head.request.body;
  if (head.content_length) {
    if (!head.request.lease.GrowTo(shared_.budget, *head.content_length)) co_return BodyEnd::kOverBudget;
    body.reserve(*head.content_length + kJsonPadding);
  }
  if (head.expects_continue && buffer_.size() == 0) {
    std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    const bool written = co_await WriteAll(std::move(interim), std::string());
    if (!written) co_return BodyEnd::kGone;
  }
  StartTimer(limits_->body_timeout);
  while (!exchange.parser.is_done()) {
    const std::size_t used = body.size();
    if (used > limits_->max_body_bytes) co_return BodyEnd::kTooLarge;
    const std::size_t left = head.content_length ? *head.content_length - used : kReadBytes;
    const std::size_t step = std::clamp<std::size_t>(left, 1, kReadBytes);
    if (!head.content_length) {
      const std::size_t wanted = (used + step + kLeaseStep - 1) / kLeaseStep * kLeaseStep;
      if (!head.request.lease.GrowTo(shared_.budget, wanted)) co_return BodyEnd::kOverBudget;
    }
    body.resize(used + step);
    auto& sink = exchange.parser.get().body();
    sink.data = body.data() + used;
    sink.size = step;
    sink.more = true;
    error_code error;
    co_await beast_http::async_read(socket_, buffer_, exchange.parser,
                                    asio::redirect_error(asio::use_awaitable, error));
    body.resize(used + step - sink.size);
    exchange.bytes_in = body.size();
    if (timed_out_) co_return BodyEnd::kTimeout;
    if (error && error != beast_http::error::need_buffer) {
      const bool malformed = error.category() == beast_http::make_error_code(beast_http::error::bad_chunk).category();
      co_return malformed&& error != beast_http::error::partial_message ? BodyEnd::kMalformed : BodyEnd::kGone;
    }
  }
  StopTimer();
  if (body.size() > limits_->max_body_bytes) co_return BodyEnd::kTooLarge;
  body.reserve(body.size() + kJsonPadding);
  co_return BodyEnd::kComplete;
}

Refusal Connection::BodyRefusal(BodyEnd end) const {
  switch (end) {
    case BodyEnd::kTooLarge: return {.status = 413, .message = BodyTooLargeMessage(*limits_), .headers = {}};
    case BodyEnd::kOverBudget:
      return {.status = 429,
              .message = "too many bytes of request bodies are in memory now (server.max_body_bytes_in_flight)",
              .headers = {{"Retry-After", fmt::format("{}", shared_.pool->RetryAfterSeconds())}}};
    case BodyEnd::kTimeout:
      return {
          .status = 408, .message = "the request's body did not arrive in time (server.body_timeout_s)", .headers = {}};
    case BodyEnd::kComplete:
    case BodyEnd::kGone:
    case BodyEnd::kMalformed: break;
  }
  return {.status = 400, .message = "malformed chunked body", .headers = {}};
}

asio::awaitable<Connection::Next> Connection::AnswerBadBody(Exchange& exchange, BodyEnd end) {
  StopTimer();
  exchange.head.request.DropBody();
  exchange.head.request.lease.Release();
  if (end == BodyEnd::kGone) {
    CountDisconnect(exchange);
    co_return Next::kClose;
  }
  unread_body_ = true;
  Refusal refusal = BodyRefusal(end);
  const Next next = co_await Refuse(exchange, std::move(refusal));
  co_return next;
}

}  // namespace hailo_clip::http
