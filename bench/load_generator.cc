// Load on a service for the benchmarks, made by one thread that costs little beside it (bench/load.py runs it).
//
//   load_generator PORT REQUESTS --clients N --seconds S       each client asks again when it has its answer
//   load_generator PORT REQUESTS --rate R --seconds S          R requests a second, whatever the service does
//
// REQUESTS is a file of whole HTTP requests, each after its length in 4 bytes (little-endian). They take turns; the
// clients of a closed loop begin far apart, since a service may encode once what two ask for at the same time. Prints
// one JSON object: seconds, statuses {"200": n}, answered_us and refused_us (a list of microseconds each). At a rate,
// the time of an answer counts from the moment when its request was due, so waiting for one of the 128 connections is
// part of it; that of a refusal from when it was sent.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kConnections = 128;
constexpr std::chrono::milliseconds kPauseAfterRefusal{50};

struct Options {
  std::uint16_t port = 0;
  std::string requests;
  std::size_t clients = 0;
  double rate = 0;
  double seconds = 0;
};

struct Load {
  asio::io_context io;
  Options options;
  std::vector<std::string> requests;
  Clock::time_point start;
  std::size_t next = 0;  // at a rate: the number of the next request that is due
  std::map<int, std::size_t> statuses;
  std::vector<std::int64_t> answered_us;
  std::vector<std::int64_t> refused_us;
  std::exception_ptr failure;

  [[nodiscard]] Clock::time_point end() const {
    return start + std::chrono::duration_cast<Clock::duration>(Seconds(options.seconds));
  }
  [[nodiscard]] Clock::time_point Due(std::size_t number) const {
    return start + std::chrono::duration_cast<Clock::duration>(Seconds(static_cast<double>(number) / options.rate));
  }
};

std::vector<std::string> ReadRequests(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<std::string> requests;
  for (std::size_t at = 0; at + 4 <= bytes.size();) {
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + at, 4);
    if (length > bytes.size() - at - 4) throw std::runtime_error(path + " is cut off");
    requests.push_back(bytes.substr(at + 4, length));
    at += 4 + length;
  }
  if (requests.empty()) throw std::runtime_error(path + " holds no request");
  return requests;
}

// One kept connection, opened anew after an answer that ended it.
class Connection {
 public:
  explicit Connection(Load& load) : load_(load), socket_(load.io) {}

  asio::awaitable<int> Ask(const std::string& request) {
    if (!socket_.is_open()) {
      const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), load_.options.port);
      co_await socket_.async_connect(endpoint, asio::use_awaitable);
      socket_.set_option(tcp::no_delay(true));
    }
    co_await asio::async_write(socket_, asio::buffer(request), asio::use_awaitable);
    const std::size_t head_bytes =
        co_await asio::async_read_until(socket_, asio::dynamic_buffer(buffer_), "\r\n\r\n", asio::use_awaitable);
    std::string head = buffer_.substr(0, head_bytes);
    std::ranges::transform(head, head.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t total = head_bytes + ContentLength(head);
    if (buffer_.size() < total) {
      const std::size_t left = total - buffer_.size();
      co_await asio::async_read(socket_, asio::dynamic_buffer(buffer_), asio::transfer_exactly(left),
                                asio::use_awaitable);
    }
    buffer_.erase(0, total);
    if (head.find("\r\nconnection: close") != std::string::npos) {
      socket_.close();
      buffer_.clear();
    }
    co_return std::atoi(head.c_str() + std::strlen("http/1.1 "));
  }

 private:
  static std::size_t ContentLength(std::string_view head) {
    constexpr std::string_view kName = "\r\ncontent-length:";
    const std::size_t at = head.find(kName);
    return at == std::string_view::npos ? 0 : std::strtoul(head.data() + at + kName.size(), nullptr, 10);
  }

  Load& load_;
  tcp::socket socket_;
  std::string buffer_;
};

void Count(Load& load, int status, Clock::time_point due, Clock::time_point sent) {
  const Clock::time_point now = Clock::now();
  const auto since = [now](Clock::time_point from) {
    return std::chrono::duration_cast<std::chrono::microseconds>(now - from).count();
  };
  ++load.statuses[status];
  if (status == 200)
    load.answered_us.push_back(since(due));
  else
    load.refused_us.push_back(since(sent));
}

asio::awaitable<void> Client(Load& load, std::size_t index) {
  Connection connection(load);
  asio::steady_timer timer(load.io);
  for (std::size_t i = index * load.requests.size() / load.options.clients; Clock::now() < load.end(); ++i) {
    const Clock::time_point sent = Clock::now();
    const int status = co_await connection.Ask(load.requests[i % load.requests.size()]);
    Count(load, status, sent, sent);
    if (status == 200) continue;
    timer.expires_after(kPauseAfterRefusal);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> Sender(Load& load) {
  Connection connection(load);
  asio::steady_timer timer(load.io);
  const auto count = static_cast<std::size_t>(load.options.rate * load.options.seconds);
  while (load.next < count) {
    const std::size_t number = load.next++;
    timer.expires_at(load.Due(number));
    co_await timer.async_wait(asio::use_awaitable);
    const Clock::time_point sent = Clock::now();
    const int status = co_await connection.Ask(load.requests[number % load.requests.size()]);
    Count(load, status, load.Due(number), sent);
  }
}

void Run(Load& load) {
  const auto on_end = [&load](const std::exception_ptr& failure) {
    if (failure && !load.failure) load.failure = failure;
  };
  load.start = Clock::now();
  if (load.options.rate > 0) {
    for (std::size_t i = 0; i < kConnections; ++i) asio::co_spawn(load.io, Sender(load), on_end);
  } else {
    for (std::size_t i = 0; i < load.options.clients; ++i) asio::co_spawn(load.io, Client(load, i), on_end);
  }
  load.io.run();
  if (load.failure) std::rethrow_exception(load.failure);
  const double seconds = Seconds(Clock::now() - load.start).count();
  std::vector<std::string> statuses;
  for (const auto& [status, count] : load.statuses) statuses.push_back(fmt::format("\"{}\":{}", status, count));
  fmt::print("{{\"seconds\":{},\"statuses\":{{{}}},\"answered_us\":[{}],\"refused_us\":[{}]}}\n", seconds,
             fmt::join(statuses, ","), fmt::join(load.answered_us, ","), fmt::join(load.refused_us, ","));
}

std::optional<Options> Parse(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2 || arguments.size() % 2 != 0) return std::nullopt;
  Options options;
  options.port = static_cast<std::uint16_t>(std::stoul(arguments[0]));
  options.requests = arguments[1];
  for (std::size_t i = 2; i < arguments.size(); i += 2) {
    if (arguments[i] == "--clients")
      options.clients = std::stoul(arguments[i + 1]);
    else if (arguments[i] == "--rate")
      options.rate = std::stod(arguments[i + 1]);
    else if (arguments[i] == "--seconds")
      options.seconds = std::stod(arguments[i + 1]);
    else
      return std::nullopt;
  }
  if (options.seconds <= 0 || (options.clients == 0) == (options.rate <= 0)) return std::nullopt;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options = Parse({argv + 1, argv + argc});
    if (!options) {
      fmt::print(stderr, "usage: load_generator PORT REQUESTS_FILE (--clients N | --rate R) --seconds S\n");
      return 2;
    }
    Load load;
    load.options = *options;
    load.requests = ReadRequests(options->requests);
    Run(load);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "load_generator: {}\n", error.what());
    return 1;
  }
}
