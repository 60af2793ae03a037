// Request and Response: what the HTTP server and the session API exchange, free of any HTTP
// library.
// Thread safety: values.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/awaitable.hpp>

namespace larder::service {

struct Request {
  std::string method;  // "GET", as it was sent
  std::string target;  // path and query, still percent-encoded
  std::string body;
  bool draining = false;  // the server is about to end
};

struct Response {
  unsigned status = 200;
  std::string body{};
  std::string content_type = "application/json";
  std::string allow{};       // of 405: the methods that are accepted
  std::string route{};       // the pattern that matched, for logs and metrics; never a token
  std::string session_id{};  // a hash of the session's token, for logs; empty: none
};

// Answers one request. A coroutine, so that an answer that has to wait for a server holds no
// thread; the request outlives it.
using Handler = std::function<boost::asio::awaitable<Response>(const Request& request)>;

}  // namespace larder::service
