#include "http/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <cerrno>
#include <optional>
#include <stop_token>
#include <utility>

#include "http/error_status.h"
#include "http/invoke.h"
#include "http/response_text.h"

// In this file no co_await stands inside a larger expression and temporaries are given names: GCC 12 miscompiles some
// of those (GCC bugs 98401, 99576).

namespace hailo_clip::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::system::error_code;
using Field = beast_http::field;
using Parser = beast_http::request_parser<beast_http::buffer_body>;

constexpr std::size_t kReadBytes = std::size_t{64} << 10U;
constexpr std::size_t kLeaseStep = std::size_t{1} << 20U;  // of a body whose length is not announced
constexpr std::size_t kJsonPadding = 64;                   // at least SIMDJSON_PADDING

RawHead RawHeadOf(const Parser& parser) {
  const auto& fields = parser.get();
  RawHead raw;
  raw.method = fields.method_string();
  raw.target = fields.target();
  raw.version = fields.version();
  raw.host_count = fields.count(Field::host);
  raw.host = fields[Field::host];
  raw.origin = fields[Field::origin];
  raw.content_type = fields[Field::content_type];
  raw.content_encoding = fields[Field::content_encoding];
  raw.expect = fields[Field::expect];
  raw.request_id = fields["X-Request-Id"];
  if (const auto length = parser.content_length()) raw.content_length = *length;
  raw.chunked = parser.chunked();
  return raw;
}

}  // namespace

struct Connection::Exchange {
  Parser parser;
  RequestHead head;
  SteadyTime begun;
  std::size_t bytes_in = 0;
  bool keep_alive = false;
  bool head_only = false;
};

struct Connection::Job {
  Request request;
  std::stop_source stop;
  SteadyTime deadline;
  Response response;  // written by the worker, read once `done`
  bool done = false;  // on the connection's strand
};

Shared::Shared(const Router& r, const Logger& l, const Clock& c, const Limits& limits, std::size_t max_requests)
    : router(r),
      logger(l),
      clock(c),
      budget(limits.max_body_bytes_in_flight),
      pool(std::make_unique<WorkerPool>(max_requests, c)),
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
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
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
  socket_.close(ignored);
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
  socket_.close(ignored);
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
  exchange.head = ReadHead(RawHeadOf(exchange.parser), shared_.router, *limits_);
  exchange.head.request.remote = remote_;
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

asio::awaitable<Connection::Next> Connection::AnswerBadBody(Exchange& exchange, BodyEnd end) {
  StopTimer();
  exchange.head.request.DropBody();
  exchange.head.request.lease.Release();
  unread_body_ = true;
  Refusal refusal{.status = 400, .message = "malformed chunked body", .headers = {}};
  switch (end) {
    case BodyEnd::kComplete:
    case BodyEnd::kMalformed: break;
    case BodyEnd::kGone: CountDisconnect(exchange); co_return Next::kClose;
    case BodyEnd::kTooLarge:
      refusal.status = 413;
      refusal.message = BodyTooLargeMessage(*limits_);
      break;
    case BodyEnd::kOverBudget:
      refusal.status = 429;
      refusal.message = "too many bytes of request bodies are in memory now (server.max_body_bytes_in_flight)";
      refusal.headers.emplace_back("Retry-After", fmt::format("{}", shared_.pool->RetryAfterSeconds()));
      break;
    case BodyEnd::kTimeout:
      refusal.status = 408;
      refusal.message = "the request's body did not arrive in time (server.body_timeout_s)";
      break;
  }
  const Next next = co_await Refuse(exchange, std::move(refusal));
  co_return next;
}

asio::awaitable<Connection::Next> Connection::RunInPool(Exchange& exchange) {
  auto job = std::make_shared<Job>();
  job->request = std::move(exchange.head.request);
  exchange.head.request.id = job->request.id;  // what the log and the answer need
  exchange.head.request.method = job->request.method;
  exchange.head.request.path = job->request.path;
  job->deadline = std::chrono::steady_clock::now() + limits_->request_timeout;
  const Route& route = *exchange.head.match.route;
  const ErrorShape& errors = *exchange.head.match.errors;
  const bool admitted = shared_.pool->TryRun([self = shared_from_this(), job, &route, &errors] {
    const RequestContext context{.deadline = job->deadline, .cancelled = job->stop.get_token()};
    job->response = Invoke(route, errors, job->request, context, self->shared_.logger);
    job->request = Request();  // body and lease
    asio::post(self->socket_.get_executor(), [self, job] {
      job->done = true;
      if (self->job_ == job) self->done_.cancel();
    });
  });
  if (!admitted) {
    job.reset();
    Refusal refusal{.status = 429,
                    .message = "all places for requests are taken (performance.max_queue_size); try again later",
                    .headers = {{"Retry-After", fmt::format("{}", shared_.pool->RetryAfterSeconds())}}};
    const Next next = co_await Refuse(exchange, std::move(refusal));
    co_return next;
  }
  co_await AwaitJob(job);
  if (peer_gone_ || aborted_) {
    CountDisconnect(exchange);
    co_return Next::kClose;
  }
  Next next = Next::kClose;
  if (job->done) {
    Response response = std::move(job->response);
    next = co_await Answer(exchange, std::move(response));
  } else {
    Refusal refusal{
        .status = 504, .message = "the request took longer than performance.request_timeout allows", .headers = {}};
    next = co_await Refuse(exchange, std::move(refusal));
  }
  co_return next;
}

// Until the job is done, its time is up, or the client is gone; in the latter cases it is told to stop.
asio::awaitable<void> Connection::AwaitJob(std::shared_ptr<Job> job) {
  job_ = job;
  WatchClient(job);
  done_.expires_at(job->deadline);
  while (!job->done && !peer_gone_ && !aborted_ && std::chrono::steady_clock::now() < job->deadline) {
    error_code ignored;
    co_await done_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!job->done) job->stop.request_stop();
  job_.reset();
  error_code ignored;
  socket_.cancel(ignored);  // the watch
}

// A client that closes its side while it waits is taken as gone (as most servers do: it cannot be told from close()).
void Connection::WatchClient(const std::shared_ptr<Job>& job) {
  auto on_readable = [self = shared_from_this(), job](error_code error) {
    if (error || self->job_ != job) return;
    char byte = 0;
    const ssize_t count = recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count > 0) return;  // the next request, pipelined
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    self->peer_gone_ = true;
    self->done_.cancel();
  };
  socket_.async_wait(asio::ip::tcp::socket::wait_read, std::move(on_readable));
}

asio::awaitable<Connection::Next> Connection::Refuse(Exchange& exchange, Refusal refusal) {
  Response response;
  response.status = refusal.status;
  response.headers = std::move(refusal.headers);
  if (refusal.status != 204)
    response.body = exchange.head.match.errors->body(refusal.status, std::nullopt, refusal.message);
  if (unread_body_) exchange.keep_alive = false;
  const Next next = co_await Answer(exchange, std::move(response));
  co_return next;
}

asio::awaitable<Connection::Next> Connection::Answer(Exchange& exchange, Response response) {
  // At a stop, requests that were pipelined and are here already are still answered.
  const bool keep_alive = exchange.keep_alive && !(shared_.stopping && buffer_.size() == 0);
  const ResponseFraming framing{.request_id = exchange.head.request.id,
                                .allow_origin = exchange.head.allow_origin,
                                .keep_alive = keep_alive,
                                .http_1_0 = exchange.parser.get().version() == 10};
  std::string header = HeaderText(response, framing);
  if (exchange.head_only) response.body.clear();
  const std::size_t bytes_out = header.size() + response.body.size();
  const bool written = co_await WriteAll(std::move(header), std::move(response.body));
  if (!written) {
    CountDisconnect(exchange);
    co_return Next::kClose;
  }
  served_ = true;
  ++shared_.requests;
  LogRequest(exchange, response.status, bytes_out);
  co_return keep_alive ? Next::kServe : Next::kLinger;
}

asio::awaitable<bool> Connection::WriteAll(std::string header, std::string body) {
  const std::array<asio::const_buffer, 2> parts{asio::buffer(header), asio::buffer(body)};
  StartTimer(limits_->write_timeout);
  error_code error;
  co_await asio::async_write(socket_, parts, asio::redirect_error(asio::use_awaitable, error));
  StopTimer();
  co_return !error;
}

// Says that nothing more comes and reads on until the client closes too: a close with unread bytes would make the
// kernel reset the connection, and the client might lose the answer.
asio::awaitable<void> Connection::Linger() {
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  const bool hurry = shared_.stopping && !unread_body_;
  StartTimer(hurry ? limits_->stop_grace : limits_->linger_timeout);
  buffer_.clear();
  while (!error) {
    const auto space = buffer_.prepare(kReadBytes);
    co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
  }
  StopTimer();
}

void Connection::StartTimer(std::chrono::milliseconds duration) {
  const std::uint64_t generation = ++timer_generation_;
  timed_out_ = false;
  timer_.expires_after(duration);
  timer_.async_wait([self = shared_from_this(), generation](error_code error) {
    if (error || generation != self->timer_generation_) return;
    self->timed_out_ = true;
    error_code ignored;
    self->socket_.cancel(ignored);
  });
}

void Connection::StopTimer() {
  ++timer_generation_;
  timer_.cancel();
}

void Connection::OnStop() {
  if (idle_) StartTimer(served_ ? limits_->stop_grace : limits_->first_stop_grace);
}

void Connection::OnAbort() {
  aborted_ = true;
  done_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void Connection::CountDisconnect(const Exchange& exchange) {
  ++shared_.client_disconnects;
  LogRequest(exchange, StatusOf(ErrorCode::kCancelled), 0);
}

// Never the query or a body: both may hold prompts and pictures.
void Connection::LogRequest(const Exchange& exchange, int status, std::size_t bytes_out) const {
  const Request& request = exchange.head.request;
  const bool quiet = exchange.head.match.route != nullptr && exchange.head.match.route->quiet;
  if (!shared_.logger.Enabled(quiet ? LogLevel::kDebug : LogLevel::kInfo)) return;
  const std::initializer_list<LogField> fields{{"method", std::string_view(request.method).substr(0, 16)},
                                               {"path", std::string_view(request.path).substr(0, 200)},
                                               {"status", status},
                                               {"bytes_in", exchange.bytes_in},
                                               {"bytes_out", bytes_out},
                                               {"ms", MillisecondsBetween(exchange.begun, shared_.clock.Now())},
                                               {"request_id", request.id},
                                               {"remote", remote_}};
  if (quiet)
    shared_.logger.Debug("request", fields);
  else
    shared_.logger.Info("request", fields);
}

}  // namespace hailo_clip::http
