// One HTTP request as handlers see it, free of the library that read it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/body_budget.h"

namespace hailo_clip::http {

// The body is a std::string whose capacity exceeds its size by at least simdjson's padding, so that JSON is
// parsed where it lies.
struct Request {
  std::string method;                                      // "POST"; HEAD stays HEAD
  std::string path;                                        // percent-decoded, without the query
  std::string tail;                                        // what a route's "/*" stands for; empty for exact routes
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order, names may repeat
  std::string content_type;                                // the whole header value; empty if absent
  std::string accept;                                      // likewise
  std::string body;
  std::string remote;         // "192.168.1.5"
  std::string key;            // name of the API key that it came with; empty if it needed none
  std::string id;             // X-Request-Id
  std::string if_none_match;  // empty if absent
  bool no_store = false;      // Cache-Control: no-store
  SteadyTime received;        // when the last byte of the body was here
  BodyLease lease;            // gives the body's bytes back to the budget when the request is destroyed

  // Frees the body early; the lease stays, because what was decoded from the body is about as big.
  void DropBody() { std::string().swap(body); }
};

}  // namespace hailo_clip::http
