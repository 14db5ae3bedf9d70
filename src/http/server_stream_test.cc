// Answers whose body is made while it is sent: on the wire, and whatever the client does meanwhile.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "base/semaphore.h"
#include "http/server.h"
#include "http/test_client.h"
#include "spdlog/sinks/ostream_sink.h"

namespace hailo_clip::http {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAsk = "POST /stream HTTP/1.1\r\nHost: pi\r\nContent-Length: 0\r\n\r\n";

// A server with /stream: three pieces, each after a release; /flood: pieces without end; /fail: one and an error.
class ServerStreamTest : public testing::Test {
 protected:
  ServerStreamTest() {
    Add("/stream", [this](const BodyWriter& write, const RequestContext& context) -> Result<std::string> {
      for (const char* piece : {"one\n", "two\n"}) {
        if (!release_.AcquireUntil(SteadyTime::max(), context.cancelled) || !write(piece)) {
          ended_.Release();
          return Fail(ErrorCode::kCancelled, "the client is gone");
        }
      }
      return "last\n";
    });
    Add("/flood", [this](const BodyWriter& write, const RequestContext&) -> Result<std::string> {
      while (write(std::string(100'000, 'x'))) bytes_ += 100'000;
      ended_.Release();
      return Fail(ErrorCode::kDeadlineExceeded, "too slow");
    });
    Add("/fail", [](const BodyWriter& write, const RequestContext&) -> Result<std::string> {
      EXPECT_TRUE(write("one\n"));
      return Fail(ErrorCode::kBusy, "no room");
    });
    Add("/throw", [](const BodyWriter&, const RequestContext&) -> Result<std::string> {
      throw std::runtime_error("secret detail");
    });
    options_.port = 0;
    options_.max_requests = 2;
  }

  ~ServerStreamTest() override { server_.reset(); }

  using Stream = std::function<Result<std::string>(const BodyWriter&, const RequestContext&)>;
  void Add(std::string path, Stream stream) {
    router_.Add({.method = "POST",
                 .pattern = std::move(path),
                 .handler = [stream = std::move(stream)](Request&, const RequestContext& context) -> Result<Response> {
                   Response response{.content_type = "text/plain"};
                   response.stream = [stream, context](const BodyWriter& write) { return stream(write, context); };
                   return response;
                 },
                 .accepts = {}});
  }

  void StartServer() {
    auto server = Server::Start(options_, router_, logger_, clock_);
    ASSERT_TRUE(server.has_value()) << server.error().message;
    server_ = *std::move(server);
  }

  static std::string Post(std::string_view path, std::string_view version = "1.1") {
    return fmt::format("POST {} HTTP/{}\r\nHost: pi\r\nContent-Length: 0\r\n\r\n", path, version);
  }

  std::ostringstream log_;
  Logger logger_{LogLevel::kDebug, LogFormat::kJson, std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)};
  Clock clock_;
  Router router_;
  Server::Options options_;
  Semaphore release_{0}, ended_{0};
  std::atomic<std::size_t> bytes_ = 0;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerStreamTest, SendsEachPieceAsItIsMade) {
  StartServer();
  TestClient client(server_->port());
  const TestAnswer answer = client.Ask(kAsk);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.Field("Content-Type"), "text/plain");
  EXPECT_EQ(answer.Field("Content-Length"), "");
  release_.Release();
  EXPECT_EQ(client.ReadChunk(), "one\n") << "before the second may be made";
  release_.Release();
  EXPECT_EQ(client.ReadChunks(), "two\nlast\n");
  EXPECT_EQ(client.Ask(kAsk).status, 200) << "and the connection is kept";
}

TEST_F(ServerStreamTest, EndsTheConnectionForHttp10) {
  StartServer();
  release_.Release();
  release_.Release();
  TestClient client(server_->port());
  const TestAnswer answer = client.Ask(Post("/stream", "1.0"));
  EXPECT_EQ(answer.Field("Transfer-Encoding"), "");
  EXPECT_EQ(answer.Field("Connection"), "close");
  EXPECT_EQ(client.ReadToEnd(), "one\ntwo\nlast\n");
}

TEST_F(ServerStreamTest, SaysInALineWhatWentWrongAfterTheHeader) {
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(Post("/fail")).status, 200);
  EXPECT_EQ(client.ReadChunks(), "one\n{\"error\":\"no room\"}\n");
  EXPECT_EQ(client.Ask(Post("/throw")).status, 200);
  const std::string line = client.ReadChunks();
  EXPECT_NE(line.find("request id"), std::string::npos) << line;
  EXPECT_EQ(line.find("secret"), std::string::npos) << line;
}

TEST_F(ServerStreamTest, AClientThatLeavesCancelsTheRest) {
  StartServer();
  for (const bool reset : {false, true}) {
    TestClient client(server_->port());
    EXPECT_EQ(client.Ask(kAsk).status, 200);
    if (reset)
      client.Reset();
    else
      client.Close();
    ended_.Acquire();
  }
  server_->Stop();
  EXPECT_EQ(server_->counters().client_disconnects, 2U);
}

TEST_F(ServerStreamTest, AClientThatDoesNotReadIsCutAndHoldsNoMoreThanTheBuffers) {
  options_.limits.write_timeout = 50ms;
  StartServer();
  TestClient client(server_->port());
  ASSERT_TRUE(client.Send(Post("/flood")));
  ended_.Acquire();
  EXPECT_LT(bytes_, 64U << 20U) << "the kernel's buffers on both sides, and ours";
  server_->Stop();
  EXPECT_EQ(server_->counters().client_disconnects, 1U);
}

TEST_F(ServerStreamTest, EndsAtTheDeadlineWithALine) {
  options_.limits.request_timeout = 1s;
  StartServer();
  TestClient client(server_->port());
  ASSERT_TRUE(client.Send(Post("/flood")));
  ended_.Acquire();  // nothing was read so far
  EXPECT_EQ(client.Read().status, 200);
  const std::string all = client.ReadChunks();
  EXPECT_TRUE(all.ends_with("x{\"error\":\"too slow\"}\n"));
}

TEST_F(ServerStreamTest, StopLetsAStreamFinish) {
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(kAsk).status, 200);
  std::jthread stopping([this] { EXPECT_TRUE(server_->Stop()); });
  while (TestClient(server_->port()).connected()) std::this_thread::yield();
  release_.Release();
  EXPECT_EQ(client.ReadChunk(), "one\n");
  release_.Release();
  EXPECT_EQ(client.ReadChunks(), "two\nlast\n");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerStreamTest, StopCancelsAStreamThatTakesLongerThanTheBound) {
  options_.limits.shutdown_timeout = 50ms;
  StartServer();
  TestClient client(server_->port());
  EXPECT_EQ(client.Ask(kAsk).status, 200);
  EXPECT_FALSE(server_->Stop());
  ended_.Acquire();
}

}  // namespace
}  // namespace hailo_clip::http
