// The insides of a connection, for its two source files only.
#pragma once

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstddef>
#include <stop_token>

#include "base/clock.h"
#include "http/connection.h"
#include "http/request.h"
#include "http/request_head.h"
#include "http/response.h"

namespace hailo_clip::http {

inline constexpr std::size_t kReadBytes = std::size_t{64} << 10U;  // at a time from a socket

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
  Response response;  // written by the worker, read once `done`
  bool done = false;  // on the connection's strand
};

}  // namespace hailo_clip::http
