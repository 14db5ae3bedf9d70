// The second half of a connection: from the complete request to the answer on the wire.
#include <sys/socket.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <optional>
#include <tuple>
#include <utility>

#include "http/connection.h"
#include "http/error_status.h"
#include "http/exchange.h"
#include "http/invoke.h"
#include "http/response_text.h"

// In this file no co_await stands inside a larger expression and temporaries are given names: GCC 12 miscompiles some
// of those (GCC bugs 98401, 99576).

namespace hailo_clip::http {

namespace asio = boost::asio;
using boost::system::error_code;

asio::awaitable<Connection::Next> Connection::RunInPool(Exchange& exchange) {
  auto job = std::make_shared<Job>();
  job->request = std::move(exchange.head.request);
  exchange.head.request.id = job->request.id;  // what the log and the answer need
  exchange.head.request.method = job->request.method;
  exchange.head.request.path = job->request.path;
  exchange.head.request.key = job->request.key;
  job->deadline = std::chrono::steady_clock::now() + limits_->request_timeout;
  const Route& route = *exchange.head.match.route;
  const ErrorShape& errors = *exchange.head.match.errors;
  const bool admitted = shared_.pool->TryRun(
      remote_, [self = shared_from_this(), job, &route, &errors] { self->Work(job, route, errors); });
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
    job->stop.request_stop();  // its answer may be a stream that has begun
    CountDisconnect(exchange);
    co_return Next::kClose;
  }
  Next next = Next::kClose;
  if (job->done && job->channel != nullptr) {
    next = co_await AnswerStream(exchange, job);
  } else if (job->done) {
    Response response = std::move(job->response);
    next = co_await Answer(exchange, std::move(response));
  } else {
    Refusal refusal{
        .status = 504, .message = "the request took longer than performance.request_timeout allows", .headers = {}};
    next = co_await Refuse(exchange, std::move(refusal));
  }
  co_return next;
}

// On a worker's thread: makes the answer, or its header and then, while that is sent, its body.
void Connection::Work(const std::shared_ptr<Job>& job, const Route& route, const ErrorShape& errors) {
  const RequestContext context{.deadline = job->deadline,
                               .cancelled = job->stop.get_token(),
                               .client = remote_,
                               .use_caches = !job->request.no_store};
  job->response = Invoke(route, errors, job->request, context, shared_.logger);
  const BodyStream stream = std::exchange(job->response.stream, nullptr);
  if (stream) {
    // Weak: the channel is the job's, which this connection holds.
    auto wake = [weak = weak_from_this(), executor = socket_.get_executor()] {
      asio::post(executor, [weak] {
        if (const auto self = weak.lock()) self->done_.cancel();
      });
    };
    job->channel = std::make_shared<BodyChannel>(kStreamBytes, context, std::move(wake));
  } else {
    job->request = Request();  // body and lease
  }
  asio::post(socket_.get_executor(), [self = shared_from_this(), job] {
    job->done = true;
    if (self->job_ == job) self->done_.cancel();
  });
  if (!stream) return;
  InvokeStream(stream, route, errors, job->request.id, *job->channel, shared_.logger);
  job->request = Request();
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
  std::ignore = socket_.cancel(ignored);  // the watch
}

// A client that closes its side while it waits is taken as gone (as most servers do: it cannot be told from close()).
void Connection::WatchClient(const std::shared_ptr<Job>& job) {
  auto on_readable = [self = shared_from_this(), job](error_code error) {
    if (error || self->job_ != job) return;
    char byte = 0;
    const ssize_t count = recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count > 0) return;  // the next request, pipelined
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      self->WatchClient(job);  // woken by what was read already: the reactor may see an event after its data
      return;
    }
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
  CountAndLog(exchange, response.status, bytes_out);
  co_return keep_alive ? Next::kServe : Next::kLinger;
}

// A body that is made while it is sent. A client that is gone, or takes nothing for the write timeout, cancels the
// rest.
asio::awaitable<Connection::Next> Connection::AnswerStream(Exchange& exchange, std::shared_ptr<Job> job) {
  const bool chunked = exchange.parser.get().version() >= 11;
  const bool keep_alive = chunked && exchange.keep_alive && !(shared_.stopping && buffer_.size() == 0);
  const ResponseFraming framing{.request_id = exchange.head.request.id,
                                .allow_origin = exchange.head.allow_origin,
                                .keep_alive = keep_alive,
                                .http_1_0 = !chunked,
                                .streamed = true};
  std::string header = HeaderText(job->response, framing);
  std::size_t bytes_out = header.size();
  job_ = job;
  WatchClient(job);
  bool complete = co_await WriteAll(std::move(header), std::string());
  if (complete) complete = co_await WritePieces(*job->channel, chunked, bytes_out);
  job_.reset();
  error_code ignored;
  std::ignore = socket_.cancel(ignored);  // the watch
  if (!complete) {
    job->stop.request_stop();
    CountDisconnect(exchange);
    co_return Next::kClose;
  }
  served_ = true;
  ++shared_.requests;
  CountAndLog(exchange, job->response.status, bytes_out);
  co_return keep_alive ? Next::kServe : Next::kLinger;
}

// True once the last piece is written.
asio::awaitable<bool> Connection::WritePieces(BodyChannel& channel, bool chunked, std::size_t& bytes_out) {
  done_.expires_at(SteadyTime::max());  // the channel wakes it
  bool written = true;
  while (written && !peer_gone_ && !aborted_) {
    std::optional<std::string> piece = channel.Take();
    if (piece && piece->empty()) {
      error_code ignored;
      co_await done_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      continue;
    }
    if (!piece && !chunked) co_return true;  // the end of the connection says so
    std::string size_line;
    const bool last = !piece;
    std::string body = std::move(piece).value_or(std::string());
    bytes_out += body.size();
    if (chunked) size_line = fmt::format("{:x}\r\n", body.size());
    if (chunked) body += "\r\n";
    written = co_await WriteAll(std::move(size_line), std::move(body));
    if (written && last) co_return true;
  }
  co_return false;
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
  std::ignore = socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
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
    std::ignore = self->socket_.cancel(ignored);
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
  std::ignore = socket_.close(ignored);
}

void Connection::CountDisconnect(const Exchange& exchange) {
  ++shared_.client_disconnects;
  const Route* route = exchange.head.match.route;
  shared_.metrics.Disconnected(route != nullptr ? route->pattern : "");
  LogRequest(exchange, StatusOf(ErrorCode::kCancelled), 0, MillisecondsBetween(exchange.begun, shared_.clock.Now()));
}

void Connection::CountAndLog(const Exchange& exchange, int status, std::size_t bytes_out) const {
  const double ms = MillisecondsBetween(exchange.begun, shared_.clock.Now());
  const Route* route = exchange.head.match.route;
  shared_.metrics.Answered(route != nullptr ? route->pattern : "", status, ms / 1000);
  LogRequest(exchange, status, bytes_out, ms);
}

// Never the query or a body: both may hold prompts and pictures.
void Connection::LogRequest(const Exchange& exchange, int status, std::size_t bytes_out, double ms) const {
  const Request& request = exchange.head.request;
  const bool quiet = exchange.head.match.route != nullptr && exchange.head.match.route->quiet;
  if (!shared_.logger.Enabled(quiet ? LogLevel::kDebug : LogLevel::kInfo)) return;
  const std::initializer_list<LogField> fields{{"method", std::string_view(request.method).substr(0, 16)},
                                               {"path", std::string_view(request.path).substr(0, 200)},
                                               {"status", status},
                                               {"bytes_in", exchange.bytes_in},
                                               {"bytes_out", bytes_out},
                                               {"ms", ms},
                                               {"request_id", request.id},
                                               {"remote", remote_},
                                               {"key_name", request.key}};
  if (quiet)
    shared_.logger.Debug("request", fields);
  else
    shared_.logger.Info("request", fields);
}

}  // namespace hailo_clip::http
