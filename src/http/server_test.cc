#include "http/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/semaphore.h"
#include "http/test_client.h"
#include "spdlog/sinks/ostream_sink.h"

namespace hailo_clip::http {
namespace {

using namespace std::chrono_literals;

std::string Post(std::string_view path, std::string_view body, std::string_view more = "") {
  return fmt::format("POST {} HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}",
                     path, more, body.size(), body);
}

constexpr std::string_view kGetHealth = "GET /health HTTP/1.1\r\nHost: pi\r\n\r\n";

// A server with /health (I/O thread), /echo, /wait (until released or cancelled) and /fail.
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    router_.Add({.method = "GET",
                 .pattern = "/health",
                 .handler = [](Request&, const RequestContext&) { return Result<Response>(JsonResponse("{}")); },
                 .runs_on = RunsOn::kIoThread,
                 .accepts = {},
                 .quiet = true,
                 .open = true});
    router_.Add(
        {.method = "POST",
         .pattern = "/echo",
         .handler = [](Request& request,
                       const RequestContext&) { return Result<Response>(JsonResponse(std::move(request.body))); },
         .accepts = {BodyKind::kJson}});
    router_.Add({.method = "POST",
                 .pattern = "/wait",
                 .handler = [this](Request&, const RequestContext& context) { return Wait(context); },
                 .accepts = {BodyKind::kJson}});
    router_.Add({.method = "POST",
                 .pattern = "/fail",
                 .handler = [](Request&, const RequestContext&) -> Result<Response> {
                   throw std::runtime_error("secret detail");
                 },
                 .accepts = {BodyKind::kJson}});
    options_.port = 0;
    options_.max_requests = 2;
  }

  ~ServerTest() override {
    for (int i = 0; i < 64; ++i) release_.Release();
    server_.reset();
  }

  void StartServer() {
    auto server = Server::Start(options_, router_, logger_, clock_);
    ASSERT_TRUE(server.has_value()) << server.error().message;
    server_ = *std::move(server);
  }

  Result<Response> Wait(const RequestContext& context) {
    entered_.Release();
    if (!release_.AcquireUntil(SteadyTime::max(), context.cancelled)) cancelled_.Release();
    return JsonResponse("\"waited\"");
  }

  [[nodiscard]] std::string Log() {
    server_.reset();  // no writer is left
    return log_.str();
  }

  std::ostringstream log_;
  Logger logger_{LogLevel::kDebug, LogFormat::kJson, std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)};
  Clock clock_;
  Router router_;
  Server::Options options_;
  Semaphore entered_{0}, release_{0}, cancelled_{0};
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersSeveralRequestsOnOneConnection) {
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(Post("/echo", "[1]")).body, "[1]");
  EXPECT_EQ(client.Ask(Post("/echo", "[2]")).body, "[2]");
  EXPECT_EQ(client.Ask(kGetHealth).status, 200);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  StartServer();
  TestClient client(server_->port());
  ASSERT_TRUE(client.Send(Post("/echo", "[1]") + Post("/echo", "[2]") + std::string(kGetHealth)));
  EXPECT_EQ(client.Read().body, "[1]");
  EXPECT_EQ(client.Read().body, "[2]");
  EXPECT_EQ(client.Read().body, "{}");
}

TEST_F(ServerTest, AnswersHeadAsGetWithoutBody) {
  StartServer();
  TestClient client(server_->port());
  const TestAnswer answer = client.Ask("HEAD /health HTTP/1.1\r\nHost: pi\r\n\r\n", true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Field("Content-Length"), "2");
  EXPECT_EQ(client.Ask(kGetHealth).body, "{}");
}

TEST_F(ServerTest, ReadsChunkedBodies) {
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client
                .Ask("POST /echo HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2;x=y\r\n2]\r\n0\r\n\r\n")
                .body,
            "[1,2]");
  EXPECT_EQ(client
                .Ask("POST /echo HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\n"
                     "Transfer-Encoding: chunked\r\n\r\nzz\r\n")
                .status,
            400);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerTest, SaysContinueOnlyIfTheBodyIsWanted) {
  StartServer();
  TestClient client(server_->port());
  ASSERT_TRUE(
      client.Send("POST /echo HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\n"
                  "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
  EXPECT_EQ(client.Read().status, 100);
  EXPECT_EQ(client.Ask("[1]").body, "[1]");

  EXPECT_EQ(client
                .Ask("POST /echo HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\n"
                     "Expect: 100-continue\r\nContent-Length: 999999999\r\n\r\n")
                .status,
            413);
}

TEST_F(ServerTest, RefusesTooLargeBodiesSoThatTheClientReadsTheAnswer) {
  options_.limits.max_body_bytes = 1 << 20;
  StartServer();
  for (const bool chunked : {false, true}) {
    TestClient client(server_->port());
    const std::string body(8 << 20, 'x');
    const std::string framing =
        chunked ? "Transfer-Encoding: chunked\r\n\r\n800000\r\n" : "Content-Length: 8388608\r\n\r\n";
    EXPECT_TRUE(client.Send("POST /echo HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\n" + framing + body));
    const TestAnswer answer = client.Read();
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.body,
              R"json({"error":"the body is larger than 1048576 bytes (1.0 MiB, server.max_body_bytes)"})json");
    EXPECT_EQ(answer.Field("Connection"), "close");
    EXPECT_TRUE(client.IsClosed());
  }
}

TEST_F(ServerTest, RefusesBodiesOverTheMemoryBudgetWith429) {
  options_.limits.max_body_bytes_in_flight = 100;
  StartServer();
  TestClient client(server_->port());
  const TestAnswer answer = client.Ask(Post("/echo", std::string(200, ' ')));
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.Field("Retry-After"), "1");
  TestClient other(server_->port());
  EXPECT_EQ(other.Ask(Post("/echo", "[1]")).status, 200);
  EXPECT_EQ(other.Ask(Post("/echo", "[1]")).status, 200) << "the budget is given back";
}

TEST_F(ServerTest, RefusesTooLargeHeaders) {
  options_.limits.max_header_bytes = 2048;
  StartServer();
  TestClient client(server_->port());
  const TestAnswer answer =
      client.Ask("GET /health HTTP/1.1\r\nHost: pi\r\nX-A: " + std::string(100'000, 'a') + "\r\n\r\n");
  EXPECT_EQ(answer.status, 431);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerTest, RefusesWhatIsNotHttp) {
  StartServer();
  for (const char* bytes :
       {"\x16\x03\x01\x02 TLS hello\r\n\r\n", "hello\r\n\r\n", "GET /health\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: pi\r\nno colon\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: pi\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /echo HTTP/1.1\r\nHost: pi\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: pi\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /health HTTP/1.1\r\n\r\n"}) {
    TestClient client(server_->port());
    EXPECT_EQ(client.Ask(bytes).status, 400) << bytes;
  }
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status, 505);
}

TEST_F(ServerTest, NamesUnknownRoutesAndAllowedMethods) {
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask("GET /nothing HTTP/1.1\r\nHost: pi\r\n\r\n").body,
            R"({"error":"Endpoint not found: GET /nothing"})");
  const TestAnswer answer = client.Ask("GET /echo HTTP/1.1\r\nHost: pi\r\n\r\n");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.Field("Allow"), "POST");
}

TEST_F(ServerTest, EchoesPrintableRequestIdsAndMakesOthers) {
  StartServer();
  TestClient client(server_->port());
  const auto id_for = [&](std::string_view line) {
    return client.Ask(fmt::format("GET /health HTTP/1.1\r\nHost: pi\r\n{}\r\n", line)).Field("X-Request-Id");
  };
  EXPECT_EQ(id_for("X-Request-Id: abc 123\r\n"), "abc 123");
  EXPECT_EQ(id_for("X-Request-Id: " + std::string(129, 'a') + "\r\n").size(), 16U);
  EXPECT_EQ(id_for("X-Request-Id: \xC3\xA4\r\n").size(), 16U);
  EXPECT_NE(id_for(""), id_for(""));
}

TEST_F(ServerTest, HidesInternalErrorsBehindTheRequestId) {
  StartServer();
  TestClient client(server_->port());
  const TestAnswer answer = client.Ask(Post("/fail", "{}", "X-Request-Id: abc\r\n"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, R"({"error":"internal error; the service's log has the details under request id abc"})");
  EXPECT_NE(Log().find("secret detail"), std::string::npos);
}

TEST_F(ServerTest, RefusesRequestsWhenAllPlacesAreTakenButAnswersHealth) {
  StartServer();
  TestClient first(server_->port()), second(server_->port()), third(server_->port());
  ASSERT_TRUE(first.Send(Post("/wait", "{}")));
  ASSERT_TRUE(second.Send(Post("/wait", "{}")));
  entered_.Acquire();
  entered_.Acquire();
  const TestAnswer refused = third.Ask(Post("/echo", "[1]"));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.Field("Retry-After"), "1");
  EXPECT_EQ(third.Ask(kGetHealth).status, 200) << "and the connection was kept";
  release_.Release();
  release_.Release();
  EXPECT_EQ(first.Read().status, 200);
  EXPECT_EQ(second.Read().status, 200);
}

TEST_F(ServerTest, AnswersAtTheDeadlineAndCancelsTheWork) {
  options_.limits.request_timeout = 50ms;
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(Post("/wait", "{}")).status, 504);
  cancelled_.Acquire();
  EXPECT_EQ(client.Ask(kGetHealth).status, 200);
}

TEST_F(ServerTest, CancelsTheWorkOfAClientThatLeft) {
  StartServer();
  for (const bool reset : {false, true}) {
    TestClient client(server_->port());
    ASSERT_TRUE(client.Send(Post("/wait", "{}")));
    entered_.Acquire();
    if (reset)
      client.Reset();
    else
      client.Close();
    cancelled_.Acquire();
  }
  EXPECT_TRUE(server_->Stop());
  EXPECT_EQ(server_->counters().client_disconnects, 2U);
}

TEST_F(ServerTest, EndsSlowHeadersAndBodies) {
  options_.limits.header_timeout = 50ms;
  options_.limits.body_timeout = 50ms;
  StartServer();
  TestClient silent(server_->port());
  EXPECT_TRUE(silent.IsClosed());
  TestClient header(server_->port());
  EXPECT_EQ(header.Ask("GET /health HTTP/1.1\r\nHos").status, 408);
  EXPECT_TRUE(header.IsClosed());
  TestClient body(server_->port());
  EXPECT_EQ(body.Ask("POST /echo HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\n"
                     "Content-Length: 100\r\n\r\n[")
                .status,
            408);
  EXPECT_TRUE(body.IsClosed());
}

TEST_F(ServerTest, ClosesIdleConnections) {
  options_.limits.idle_timeout = 50ms;
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(kGetHealth).status, 200);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerTest, DropsAClientThatDoesNotReadItsAnswer) {
  options_.limits.write_timeout = 50ms;
  StartServer();
  TestClient client(server_->port());
  ASSERT_TRUE(client.Send(Post("/echo", std::string(16 << 20, ' '))));
  while (server_->counters().client_disconnects == 0) std::this_thread::yield();
  EXPECT_EQ(server_->counters().requests, 0U);
}

TEST_F(ServerTest, RefusesConnectionsOverTheLimitWith503) {
  options_.limits.max_connections = 1;
  StartServer();
  TestClient first(server_->port());
  ASSERT_EQ(first.Ask(kGetHealth).status, 200);
  TestClient second(server_->port());
  EXPECT_EQ(second.Ask(kGetHealth).status, 503);
  EXPECT_TRUE(second.IsClosed());
  EXPECT_EQ(first.Ask(kGetHealth).status, 200);
}

TEST_F(ServerTest, ClosesAfterHttp10UnlessAskedToKeep) {
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").Field("Connection"), "keep-alive");
  EXPECT_EQ(client.Ask("GET /health HTTP/1.0\r\n\r\n").status, 200);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerTest, ReloadAppliesToLaterRequests) {
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(Post("/echo", "[1,2,3]")).status, 200);
  Config config;
  config.server.max_body_bytes = 4;
  server_->Reload(config);
  EXPECT_EQ(client.Ask(kGetHealth).status, 200);
  EXPECT_EQ(client.Ask(Post("/echo", "[1,2,3]")).status, 413);
}

TEST_F(ServerTest, AnswersThoseWithAKeyOnlyButHealthToAll) {
  const auto key = options_.keys.Add("kitchen", 0);
  ASSERT_TRUE(key.has_value());
  StartServer();
  const std::string bearer = fmt::format("Authorization: Bearer {}\r\n", *key);
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(kGetHealth).status, 200);
  EXPECT_EQ(client.Ask(Post("/echo", "[1]", bearer)).body, "[1]");
  EXPECT_EQ(client.Ask(Post("/echo", "[2]", fmt::format("x-api-key: {}\r\n", *key))).body, "[2]");
  EXPECT_EQ(client.Ask("GET /nothing HTTP/1.1\r\nHost: pi\r\n\r\n").status, 401) << "and the connection is kept";
  const TestAnswer refused = client.Ask(Post("/echo", "[3]"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.Field("WWW-Authenticate"), R"(Bearer realm="hailo-clip")");
  EXPECT_NE(refused.Field("X-Request-Id"), "");
  EXPECT_EQ(refused.Field("Connection"), "close") << "its body was not read";
  EXPECT_TRUE(client.IsClosed());
  client.Close();  // else the server reads on for a while
  const std::string log = Log();
  EXPECT_NE(log.find(R"("key_name":"kitchen")"), std::string::npos) << log;
  EXPECT_EQ(log.find(*key), std::string::npos) << log;
}

TEST_F(ServerTest, TakesOtherKeysWhileItRuns) {
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(Post("/echo", "[1]")).status, 200);
  ApiKeys keys;
  const auto key = keys.Add("kitchen", 0);
  ASSERT_TRUE(key.has_value());
  const std::string header = fmt::format("X-API-Key: {}\r\n", *key);
  server_->SetKeys(keys);
  EXPECT_EQ(client.Ask(Post("/echo", "[1]", header)).status, 200) << "on the same connection";
  ASSERT_TRUE(keys.Revoke("kitchen").has_value());
  ASSERT_TRUE(keys.Add("other", 0).has_value());
  server_->SetKeys(keys);
  EXPECT_EQ(client.Ask(Post("/echo", "[1]", header)).status, 401);
}

TEST_F(ServerTest, RefusesWhoAsksTooOftenAndSaysWhenToComeBack) {
  options_.limits.rate = {.per_second = 0.001, .burst = 2};
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(Post("/echo", "[1]")).status, 200);
  EXPECT_EQ(client.Ask("GET /nothing HTTP/1.1\r\nHost: pi\r\n\r\n").status, 404);
  EXPECT_EQ(client.Ask(kGetHealth).status, 200) << "health costs nothing and always answers";
  const TestAnswer refused = client.Ask(Post("/echo", "[1]"));
  EXPECT_EQ(refused.status, 429);
  const int seconds = std::atoi(refused.Field("Retry-After").c_str());
  EXPECT_TRUE(seconds > 0 && seconds <= 1000) << seconds;
  TestClient other(server_->port());
  EXPECT_EQ(other.Ask(kGetHealth).status, 200);
  EXPECT_EQ(other.Ask(Post("/echo", "[1]")).status, 429) << "another connection is no other client";
  Config config;
  server_->Reload(config);
  EXPECT_EQ(TestClient(server_->port()).Ask(Post("/echo", "[1]")).status, 200) << "no limit any more";
}

TEST_F(ServerTest, KnowsWhetherOthersCanReachIt) {
  StartServer();
  EXPECT_TRUE(server_->is_local());
  server_.reset();
  options_.host = "0.0.0.0";
  StartServer();
  EXPECT_FALSE(server_->is_local());
}

TEST_F(ServerTest, NamesThePortThatIsTaken) {
  StartServer();
  Server::Options taken = options_;
  taken.port = server_->port();
  const auto second = Server::Start(taken, router_, logger_, clock_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(second.error().message.find(fmt::format("127.0.0.1:{}", server_->port())), std::string::npos);
}

TEST_F(ServerTest, LogsOneLineARequestWithoutQueryAndBody) {
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(Post("/echo?prompts=private", "[\"private\"]", "X-Request-Id: r1\r\n")).status, 200);
  const std::string log = Log();
  EXPECT_NE(log.find(R"("method":"POST","path":"/echo","status":200,"bytes_in":11)"), std::string::npos) << log;
  EXPECT_NE(log.find(R"("request_id":"r1","remote":"127.0.0.1")"), std::string::npos) << log;
  EXPECT_EQ(log.find("private"), std::string::npos) << log;
}

TEST_F(ServerTest, StopAnswersRequestsInFlightAndOnIdleConnections) {
  StartServer();
  TestClient busy(server_->port()), idle(server_->port()), silent(server_->port());
  ASSERT_EQ(idle.Ask(kGetHealth).status, 200);
  ASSERT_TRUE(busy.Send(Post("/wait", "{}")));
  entered_.Acquire();
  std::jthread stopping([this] { EXPECT_TRUE(server_->Stop()); });
  TestAnswer last;  // the kept connection is served until the stop reaches it
  do {
    last = idle.Ask(kGetHealth);
  } while (last.status == 200 && last.Field("Connection") != "close");
  EXPECT_EQ(last.status, 200);
  release_.Release();
  const TestAnswer answer = busy.Read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Field("Connection"), "close");
  stopping.join();
  EXPECT_FALSE(TestClient(server_->port()).connected());
}

TEST_F(ServerTest, StopCancelsWhatTakesLongerThanTheBound) {
  options_.limits.shutdown_timeout = 50ms;
  StartServer();
  TestClient client(server_->port());
  ASSERT_TRUE(client.Send(Post("/wait", "{}")));
  entered_.Acquire();
  EXPECT_FALSE(server_->Stop());
  cancelled_.Acquire();
}

// Clients that connect, ask and connect again while the server stops: each is answered, or refused before it could
// send anything; nobody is reset.
TEST_F(ServerTest, StopResetsNobodyUnderLoad) {
  options_.max_requests = 64;
  for (int round = 0; round < 5; ++round) {
    StartServer();
    std::atomic<int> answered = 0, lost = 0;
    std::latch warm(9);
    const auto hammer = [&](bool keep) {
      bool counted = false;
      std::unique_ptr<TestClient> client;
      while (true) {
        if (!client) client = std::make_unique<TestClient>(server_->port());
        if (!client->connected()) break;  // refused
        const TestAnswer answer = client->Ask(Post("/echo", "[1]", keep ? "" : "Connection: close\r\n"));
        ++(answer.status == 200 ? answered : lost);
        if (!counted) warm.count_down();
        counted = true;
        if (answer.status != 200 || answer.Field("Connection") == "close") client.reset();
      }
    };
    std::vector<std::jthread> clients;
    for (int i = 0; i < 8; ++i) clients.emplace_back(hammer, i % 2 == 0);
    warm.arrive_and_wait();
    EXPECT_TRUE(server_->Stop());
    clients.clear();
    EXPECT_EQ(lost, 0) << "of " << answered;
    EXPECT_GT(answered, 8);
  }
}

}  // namespace
}  // namespace hailo_clip::http
