#include "http/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <cerrno>
#include <condition_variable>
#include <exception>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/connection.h"
#include "http/syn_filter.h"

namespace hailo_clip::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kRefusalsAtOnce = 64;  // connections over the limit that are told so; more are just closed
constexpr std::chrono::milliseconds kAcceptPause{50};       // after an error such as "too many open files"
constexpr std::chrono::milliseconds kHandshakePause{50};    // at stop, for handshakes that had begun
constexpr std::chrono::milliseconds kAbortPatience{2'000};  // for connections to notice that they were aborted

Result<tcp::endpoint> Resolve(const std::string& host, int port) {
  error_code error;
  const auto number = static_cast<unsigned short>(port);
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (!error) return tcp::endpoint(address, number);
  asio::io_context context;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty())
    return Fail(ErrorCode::kUnavailable, "server.host '{}' is no address of this machine: {}", host, error.message());
  return found.begin()->endpoint();
}

}  // namespace

class Server::Impl {
 public:
  Impl(const Options& options, const Router& router, const Logger& logger, const Clock& clock)
      : shared_(router, logger, clock, options.limits, options.keys, options.max_requests, options.registry),
        work_(asio::make_work_guard(io_)),
        strand_(asio::make_strand(io_.get_executor())),
        acceptor_(strand_),
        pause_(strand_) {}

  ~Impl() {
    Stop();
    shared_.pool.reset();  // its threads post to io_
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status Listen(const std::string& host, int port) {
    HC_ASSIGN(const tcp::endpoint endpoint, Resolve(host, port));
    error_code error;
    const auto failed = [&](std::string_view step) {
      return Fail(ErrorCode::kUnavailable, "cannot {} {}:{}: {}", step, host, port, error.message());
    };
    if (acceptor_.open(endpoint.protocol(), error); error) return failed("open a socket for");
    if (acceptor_.set_option(tcp::acceptor::reuse_address(true), error); error) return failed("listen on");
    if (endpoint.address().is_v6()) {
      if (acceptor_.set_option(asio::ip::v6_only(false), error); error) return failed("listen on");
    }
    if (acceptor_.bind(endpoint, error); error) return failed("listen on");
    if (acceptor_.listen(tcp::acceptor::max_listen_connections, error); error) return failed("listen on");
    if (acceptor_.non_blocking(true, error); error) return failed("listen on");
    const tcp::endpoint bound = acceptor_.local_endpoint(error);
    port_ = bound.port();
    is_local_ = bound.address().is_loopback();
    return {};
  }

  // Takes over a socket that listens.
  Status TakeOver(int listening_socket) {
    error_code error;
    const auto failed = [&] {
      return Fail(ErrorCode::kUnavailable, "cannot use the socket that was handed over: {}", error.message());
    };
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    if (::getsockname(listening_socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      error.assign(errno, boost::system::system_category());
      return failed();
    }
    const tcp protocol = address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4();
    if (acceptor_.assign(protocol, listening_socket, error); error) return failed();
    if (acceptor_.non_blocking(true, error); error) return failed();
    port_ = acceptor_.local_endpoint(error).port();
    return {};
  }

  bool Beat() {
    const bool beaten = beaten_.exchange(false);
    if (beaten) asio::post(strand_, [this] { beaten_ = true; });
    return beaten;
  }

  void Run(int io_threads) {
    asio::co_spawn(strand_, AcceptLoop(), asio::detached);
    for (int i = 0; i < std::max(io_threads, 1); ++i) threads_.emplace_back([this] { io_.run(); });
  }

  bool Stop() {
    const std::lock_guard once(stop_mutex_);
    if (stopped_) return stopped_cleanly_;
    stopped_ = true;
    if (!threads_.empty()) {
      auto closed = asio::co_spawn(strand_, CloseListener(), asio::use_future);
      closed.wait();
      stopped_cleanly_ = Drain();
    }
    work_.reset();
    io_.stop();
    threads_.clear();
    return stopped_cleanly_;
  }

  int port() const { return port_; }
  bool is_local() const { return is_local_; }
  Shared& shared() { return shared_; }
  ServerCounters counters() const {
    return {.connections = connections_,
            .requests = shared_.requests,
            .client_disconnects = shared_.client_disconnects,
            .refused_connections = refused_connections_};
  }

 private:
  asio::awaitable<void> AcceptLoop() {
    while (!shared_.stopping) {
      error_code error;
      Connection::Socket socket(asio::make_strand(io_.get_executor()));
      co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
      if (!error) {
        Adopt(std::move(socket));
        continue;
      }
      // Out of file descriptors, or the client left already: not our end, but no busy loop either.
      pause_.expires_after(kAcceptPause);
      co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }

  // Takes everything that the kernel has accepted for us; then nobody is left to be reset by the close.
  asio::awaitable<void> CloseListener() {
    const bool filtered = DropNewConnections(acceptor_.native_handle());
    if (!filtered) shared_.logger.Debug("no filter on the listening socket; connections made just now may be reset");
    shared_.stopping = true;
    error_code error;
    std::ignore = acceptor_.cancel(error);
    DrainBacklog();
    pause_.expires_after(kHandshakePause);
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    DrainBacklog();
    std::ignore = acceptor_.close(error);
    const std::lock_guard lock(mutex_);
    for (const auto& [key, connection] : live_)
      asio::post(connection->executor(), [connection] { connection->OnStop(); });
  }

  void DrainBacklog() {
    while (true) {
      error_code error;
      Connection::Socket socket(asio::make_strand(io_.get_executor()));
      std::ignore = acceptor_.accept(socket, error);
      if (error) return;
      Adopt(std::move(socket));
    }
  }

  void Adopt(Connection::Socket socket) {
    ++connections_;
    try {
      Serve(std::move(socket));
    } catch (const std::exception& exception) {  // out of memory; the socket is closed, the others are served
      shared_.logger.Error("a new connection could not be served", {{"error", exception.what()}});
    }
  }

  void Serve(Connection::Socket socket) {
    auto connection = std::make_shared<Connection>(std::move(socket), shared_);
    bool refused = false;
    {
      const std::lock_guard lock(mutex_);
      const std::size_t limit = shared_.limits()->max_connections;
      refused = live_.size() >= limit;
      if (refused) ++refused_connections_;
      if (live_.size() >= limit + kRefusalsAtOnce) return;  // closes it
      live_.emplace(connection.get(), connection);
    }
    auto on_end = [this, connection](const std::exception_ptr& exception) {
      if (exception) shared_.logger.Error("a connection's coroutine threw; the connection is closed");
      const std::lock_guard lock(mutex_);
      live_.erase(connection.get());
      if (live_.empty()) none_live_.notify_all();
    };
    Connection& running = *connection;
    auto serving = refused ? running.RunRefused() : running.Run();
    asio::co_spawn(running.executor(), std::move(serving), std::move(on_end));
  }

  // Waits for the connections, up to the bound; then ends what is left.
  bool Drain() {
    std::unique_lock lock(mutex_);
    const auto none = [this] { return live_.empty(); };
    if (none_live_.wait_for(lock, shared_.limits()->shutdown_timeout, none)) return true;
    shared_.logger.Warning("requests are still running after server.shutdown_timeout_s; they are cancelled",
                           {{"connections", live_.size()}});
    for (const auto& [key, connection] : live_)
      asio::post(connection->executor(), [connection] { connection->OnAbort(); });
    none_live_.wait_for(lock, kAbortPatience, none);
    return false;
  }

  // Order matters: what is destroyed last is used by what is above it in time. Coroutines that io_ destroys give
  // bytes back to shared_.
  Shared shared_;
  std::mutex mutex_;
  std::condition_variable none_live_;
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> live_;  // guarded by mutex_
  std::atomic<std::uint64_t> connections_ = 0;
  std::atomic<std::uint64_t> refused_connections_ = 0;
  std::atomic<bool> beaten_ = true;  // the last Beat came through
  std::mutex stop_mutex_;
  bool stopped_ = false;         // guarded by stop_mutex_
  bool stopped_cleanly_ = true;  // guarded by stop_mutex_
  int port_ = 0;
  bool is_local_ = false;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::strand<asio::io_context::executor_type> strand_;  // of the acceptor
  asio::basic_socket_acceptor<tcp, asio::strand<asio::io_context::executor_type>> acceptor_;
  asio::steady_timer pause_;
  std::vector<std::jthread> threads_;
};

Server::Options Server::Options::From(const Config& config) {
  return {.host = config.server.host,
          .port = config.server.port,
          .io_threads = config.server.io_threads,
          .max_requests = static_cast<std::size_t>(config.performance.worker_threads) +
                          static_cast<std::size_t>(config.performance.max_queue_size),
          .limits = Limits::From(config),
          .keys = {}};
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::Start(const Options& options, const Router& router, const Logger& logger,
                                              const Clock& clock) {
  auto impl = std::make_unique<Impl>(options, router, logger, clock);
  if (options.listening_socket.has_value())
    HC_TRY(impl->TakeOver(*options.listening_socket));
  else
    HC_TRY(impl->Listen(options.host, options.port));
  impl->Run(options.io_threads);
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

int Server::port() const { return impl_->port(); }
bool Server::is_local() const { return impl_->is_local(); }
ServerCounters Server::counters() const { return impl_->counters(); }
void Server::Reload(const Config& config) { impl_->shared().SetLimits(Limits::From(config)); }
void Server::SetKeys(ApiKeys keys) { impl_->shared().access.SetKeys(std::move(keys)); }
bool Server::Beat() { return impl_->Beat(); }
bool Server::Stop() { return impl_->Stop(); }

}  // namespace hailo_clip::http
