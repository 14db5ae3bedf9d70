// hailo-clip serve: the service, until SIGTERM or SIGINT.
#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <thread>
#include <utility>

#include "cli/command.h"
#include "cli/port_owner.h"
#include "cli/service_manager.h"
#include "cli/service_watch.h"
#include "http/api/routes.h"
#include "http/api_key_file.h"
#include "http/server.h"

namespace hailo_clip {
namespace {

LogLevel LevelOf(const Config& config) { return config.server.debug ? LogLevel::kDebug : config.logging.level; }

// Signals that this program waits for are blocked in every thread, so that only WaitForSignal takes them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void WarnIfOpen(const http::ApiKeys& keys, const http::Server& server, const Logger& logger) {
  if (!keys.empty() || server.is_local()) return;
  logger.Warning("there is no API key: whoever reaches this port may use the service",
                 {{"remedy", "hailo-clip keys add NAME, or server.host: 127.0.0.1"}});
}

// After `hailo-clip keys` changed the file; a key that was revoked must not go on working until somebody reloads.
void TakeKeys(http::ApiKeyWatch& watch, http::Server& server, const Logger& logger) {
  const auto keys = watch.Read(watch.path());
  if (!keys.has_value()) {
    logger.Error("the API keys were not read again; the old ones stay", {{"reason", keys.error().message}});
    return;
  }
  server.SetKeys(*keys);
  logger.Info("API keys read again", {{"keys", keys->all().size()}});
  WarnIfOpen(*keys, server, logger);
}

// Waits for a signal; meanwhile looks after the service, and whether the API keys changed.
int WaitForSignal(const sigset_t& signals, ServiceWatch& service, http::Server& server, http::ApiKeyWatch& key_watch,
                  const Logger& logger) {
  for (;;) {
    const std::chrono::nanoseconds wait = service.period();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
    const std::timespec period{.tv_sec = seconds.count(), .tv_nsec = (wait - seconds).count()};
    const int signal = ::sigtimedwait(&signals, nullptr, &period);
    if (signal > 0) return signal;
    if (errno != EAGAIN) continue;  // interrupted
    service.Tick();
    if (key_watch.Changed()) TakeKeys(key_watch, server, logger);
  }
}

// SIGHUP: what can change is taken over, what cannot is named, and a wrong file changes nothing.
void Reload(const CommonFlags& flags, Config& running, http::Server& server, http::ApiKeyWatch& watch, Logger& logger) {
  const auto refuse = [&logger](const Error& error) {
    logger.Error("the configuration was not reloaded; the old one stays", {{"reason", error.message}});
  };
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return refuse(loaded.error());
  const auto keys = watch.Read(loaded->config.server.keys_file);
  if (!keys.has_value()) return refuse(keys.error());
  server.SetKeys(*keys);
  const ConfigChange change = CompareConfigs(running, loaded->config);
  server.Reload(loaded->config);
  logger.SetLevel(LevelOf(loaded->config));
  running = loaded->config;
  for (const std::string& key : change.applied_live) logger.Info("configuration key changed", {{"key", key}});
  for (const std::string& key : change.need_restart)
    logger.Warning("configuration key changed; it needs a restart to count", {{"key", key}});
  if (change.applied_live.empty() && change.need_restart.empty())
    logger.Info("configuration read again; nothing changed");
  WarnIfOpen(*keys, server, logger);
}

int ReportBindFailure(Error error, int port) {
  if (const auto owner = FindPortOwner(port)) error.message += fmt::format(" (taken by {})", *owner);
  error.message += "; choose another port with server.port or --port";
  Report(error);
  return kExitNoPort;
}

int RunServe(const CommonFlags& flags) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  Config config = loaded->config;
  http::ApiKeyWatch key_watch;
  const auto keys = key_watch.Read(config.server.keys_file);
  if (!keys.has_value()) return Report(keys.error());
  const sigset_t signals = BlockSignals();  // before any thread starts
  std::signal(SIGPIPE, SIG_IGN);
  Logger logger(LevelOf(config), config.logging.format);
  for (const std::string& warning : loaded->warnings) logger.Warning("configuration", {{"detail", warning}});

  const Clock clock;
  const auto registry = std::make_shared<prometheus::Registry>();
  Engine engine({.config = config,
                 .model_folders = ModelFolders(config),
                 .label_set_folders = LabelSetFolders(config),
                 .registry = registry},
                logger, clock);
  const http::Router router = http::MakeRoutes({.engine = engine,
                                                .clock = clock,
                                                .version = std::string(Version()),
                                                .started = clock.Now(),
                                                .registry = registry,
                                                .created = std::time(nullptr)});
  http::Server::Options options = http::Server::Options::From(config);
  options.keys = *keys;
  options.registry = registry;
  const auto socket = TakeListeningSocket();
  if (!socket.has_value()) return Report(socket.error());
  options.listening_socket = *socket;
  auto server = http::Server::Start(options, router, logger, clock);
  if (!server.has_value()) return ReportBindFailure(std::move(server).error(), config.server.port);
  logger.Info("listening", {{"host", config.server.host},
                            {"port", (*server)->port()},
                            {"version", Version()},
                            {"keys", keys->all().size()},
                            {"config", loaded->file.has_value() ? loaded->file->string() : "defaults"}});
  WarnIfOpen(*keys, **server, logger);

  int status = kExitDone;
  std::jthread loader([&] {
    const Status ready = engine.Load();
    if (ready.has_value()) return;
    logger.Error("no model to serve", {{"reason", ready.error().message}});
    // Damaged files stay visible at /health; a model or backend that is not there is for the caller to mend.
    if (ready.error().code == ErrorCode::kBadModel) return;
    status = ExitStatusOf(ready.error().code);
    ::kill(::getpid(), SIGTERM);
  });
  ServiceWatch service(config, engine, **server, logger, clock);
  const auto wait = [&] { return WaitForSignal(signals, service, **server, key_watch, logger); };
  int signal = wait();
  for (; signal == SIGHUP; signal = wait()) {
    service.BeginReload();
    Reload(flags, config, **server, key_watch, logger);
    service.EndReload();
  }
  NotifyStopping("finishing the requests that are inside");
  logger.Info("stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
  const bool drained = (*server)->Stop();
  loader.join();
  logger.Info("stopped", {{"drained", drained}});
  return status;
}

}  // namespace

void AddServeCommand(CLI::App& app, CommonFlags& flags, int& status) {
  CLI::App* command = app.add_subcommand("serve", "Serve the REST API");
  command->footer(
      "Examples:\n"
      "  hailo-clip serve\n"
      "  hailo-clip serve --host 0.0.0.0 --port 5001 --set performance.max_queue_size=32\n"
      "SIGTERM and SIGINT stop it after the requests it has; SIGHUP reads the configuration and the keys again.\n"
      "Exit status: 0 stopped, 2 wrong configuration, 3 no model or backend, 4 the port cannot be bound.");
  AddOverride(*command, flags, "--host", "server.host", "Address to listen on (default 127.0.0.1: this machine only)");
  AddOverride(*command, flags, "--port", "server.port", "Port (default 5000)");
  AddCommonFlags(*command, flags);
  command->callback([&flags, &status] { status = RunServe(flags); });
}

}  // namespace hailo_clip
