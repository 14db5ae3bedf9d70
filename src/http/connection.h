// One client's connection: reads requests and has them answered, one after the other.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "http/access.h"
#include "http/body_budget.h"
#include "http/body_channel.h"
#include "http/limits.h"
#include "http/metrics.h"
#include "http/request_head.h"
#include "http/response.h"
#include "http/router.h"
#include "http/worker_pool.h"

namespace hailo_clip::http {

// What all connections of a server share. Thread-safe; outlives them.
struct Shared {
  const Router& router;
  const Logger& logger;
  const Clock& clock;
  Access access;
  BodyBudget budget;
  std::unique_ptr<WorkerPool> pool;
  const std::shared_ptr<prometheus::Registry> registry;  // of metrics
  const HttpMetrics metrics;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> client_disconnects = 0;

  Shared(const Router& r, const Logger& l, const Clock& c, const Limits& limits, ApiKeys keys, std::size_t max_requests,
         std::shared_ptr<prometheus::Registry> counted);
  [[nodiscard]] std::shared_ptr<const Limits> limits() const;
  void SetLimits(const Limits& limits);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Limits> limits_;  // guarded by mutex_; replaced whole at a reload
};

// Lives as long as its coroutine. All members but the constructor run on the strand of its socket.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Strand = boost::asio::strand<boost::asio::any_io_executor>;
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Strand>;

  Connection(Socket socket, Shared& shared);

  // Serves until the client leaves, time runs out, or the server stops.
  boost::asio::awaitable<void> Run();
  // One connection too many: says 503 and closes.
  boost::asio::awaitable<void> RunRefused();

  // The server stops: an idle connection gets a short grace, others finish what they have.
  void OnStop();
  // The stop took too long: cancels the request and closes.
  void OnAbort();

  [[nodiscard]] Strand executor() { return socket_.get_executor(); }

 private:
  enum class Next { kServe, kClose, kLinger };
  enum class BodyEnd { kComplete, kTooLarge, kOverBudget, kTimeout, kMalformed, kGone };
  struct Exchange;  // one request and its answer
  struct Job;       // a request on its way through the worker pool

  boost::asio::awaitable<bool> WaitForFirstByte();
  boost::asio::awaitable<Next> ServeOne();
  boost::asio::awaitable<Next> AnswerBadHeader(Exchange& exchange, boost::system::error_code error);
  boost::asio::awaitable<Next> AnswerBadBody(Exchange& exchange, BodyEnd end);
  boost::asio::awaitable<BodyEnd> ReadBody(Exchange& exchange);
  boost::asio::awaitable<Next> RunInPool(Exchange& exchange);
  void Work(const std::shared_ptr<Job>& job, const Route& route, const ErrorShape& errors);
  boost::asio::awaitable<void> AwaitJob(std::shared_ptr<Job> job);
  boost::asio::awaitable<Next> Refuse(Exchange& exchange, Refusal refusal);
  boost::asio::awaitable<Next> Answer(Exchange& exchange, Response response);
  boost::asio::awaitable<Next> AnswerStream(Exchange& exchange, std::shared_ptr<Job> job);
  boost::asio::awaitable<bool> WritePieces(BodyChannel& channel, bool chunked, std::size_t& bytes_out);
  boost::asio::awaitable<bool> WriteAll(std::string header, std::string body);
  boost::asio::awaitable<void> Linger();

  [[nodiscard]] RequestHead HeadOf(const Exchange& exchange) const;
  [[nodiscard]] Refusal BodyRefusal(BodyEnd end) const;
  void StartTimer(std::chrono::milliseconds duration);
  void StopTimer();
  void WatchClient(const std::shared_ptr<Job>& job);
  void CountDisconnect(const Exchange& exchange);
  void CountAndLog(const Exchange& exchange, int status, std::size_t bytes_out) const;
  void LogRequest(const Exchange& exchange, int status, std::size_t bytes_out, double ms) const;

  Socket socket_;
  boost::asio::steady_timer timer_;  // bounds the operation under way
  boost::asio::steady_timer done_;   // cancelled when the current job is done
  boost::beast::flat_buffer buffer_;
  Shared& shared_;
  std::shared_ptr<const Limits> limits_;  // of the current request
  std::shared_ptr<Job> job_;              // the current one
  std::string remote_;
  std::uint64_t timer_generation_ = 0;
  bool timed_out_ = false;
  bool idle_ = false;         // between requests, nothing read yet
  bool served_ = false;       // answered at least one request
  bool unread_body_ = false;  // a refused body may still be arriving
  bool peer_gone_ = false;
  bool aborted_ = false;
};

}  // namespace hailo_clip::http
