// The HTTP/1.1 server: listens, keeps its connections within bounds, stops without losing a request.
#pragma once

#include <prometheus/registry.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "http/api_keys.h"
#include "http/limits.h"
#include "http/router.h"

namespace hailo_clip::http {

// Sums since the start.
struct ServerCounters {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;             // answered, whatever the status
  std::uint64_t client_disconnects = 0;   // clients that left before their answer
  std::uint64_t refused_connections = 0;  // over max_connections
};

// Thread-safe. Construction order in main: logger, engine, router, server; destruction reverses it.
class Server {
 public:
  struct Options {
    std::string host = "127.0.0.1";  // an address, or a name that resolves to one
    int port = 5000;                 // 0: any free one
    int io_threads = 1;              // they only move bytes
    std::size_t max_requests = 12;   // inside at once: performance.worker_threads + max_queue_size
    Limits limits;
    ApiKeys keys;  // none: everybody may ask
    std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();  // takes what is counted
    std::optional<int>
        listening_socket;  // one that listens already, which the server then owns; host and port are not used
    [[nodiscard]] static Options From(const Config& config);
  };

  // Listens and serves until Stop. kUnavailable names host, port and the reason if it cannot listen. `router`,
  // `logger` and `clock` outlive the server.
  [[nodiscard]] static Result<std::unique_ptr<Server>> Start(const Options& options, const Router& router,
                                                             const Logger& logger, const Clock& clock);

  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] int port() const;       // the one it really listens on
  [[nodiscard]] bool is_local() const;  // it listens on a loopback address: only this machine reaches it
  [[nodiscard]] ServerCounters counters() const;

  // True if the I/O threads have done what the last call gave them to do (and at the first call). Gives them something
  // again. For one thread, at regular times.
  [[nodiscard]] bool Beat();

  // Takes what can change in a running service: allowed_origins, limits and timeouts, for requests that begin later.
  void Reload(const Config& config);
  // Likewise.
  void SetKeys(ApiKeys keys);

  // Refuses new connections, answers what was accepted or waits in the backlog, closes. Returns when all connections
  // are gone or after shutdown_timeout; what then still runs is cancelled. True if nothing had to be cancelled.
  bool Stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace hailo_clip::http
