// The insides of a connection, for its two source files only.
#pragma once

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstddef>
#include <memory>
#include <stop_token>

#include "base/clock.h"
#include "http/body_channel.h"
#include "http/connection.h"
#include "http/request.h"
#include "http/request_head.h"
#include "http/response.h"

namespace hailo_clip::http {

inline constexpr std::size_t kReadBytes = std::size_t{64} << 10U;     // at a time from a socket
inline constexpr std::size_t kStreamBytes = std::size_t{256} << 10U;  // of a streamed body that wait for the client

struct Connection::Exchange {
  boost::beast::http::request_parser<boost::beast::http::buffer_body> parser;
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
  Response response;                     // written by the worker, read once `done`
  std::shared_ptr<BodyChannel> channel;  // likewise; nullptr unless the body is a stream
  bool done = false;                     // on the connection's strand
};

}  // namespace hailo_clip::http
