// Connection: one HTTP connection from accept to close. Made by the HTTP server.
// Thread safety: none of its own: all members run on the executor of its socket, a strand.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "service/log.h"
#include "service/message.h"
#include "service/metrics_exporter.h"
#include "service/server_options.h"

namespace larder::service {

// What the connections of a server share; outlives them.
struct ServerParts {
  ServerOptions options;
  Handler handler;
  HttpMetrics& metrics;
  Log& log;
};

// idle -> exchange (a request is read, answered, written) -> idle ... -> linger -> closed.
// Requests are answered one after the other, pipelined ones in their order. A watchdog looks at
// the deadline of the state now and then, so that an exchange arms no timer of its own.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ServerParts& parts);

  [[nodiscard]] boost::asio::any_io_executor executor() { return executor_; }
  // Serves until the connection is closed.
  boost::asio::awaitable<void> run();
  // Every request that was sent is answered; then the connection is closed.
  void drain();
  // Closes at once.
  void abort();

 private:
  using Clock = std::chrono::steady_clock;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using ErrorCode = boost::beast::error_code;
  enum class Next { request, linger, close };

  boost::asio::awaitable<bool> await_request();
  boost::asio::awaitable<Next> exchange();
  boost::asio::awaitable<ErrorCode> read(Parser& parser);
  boost::asio::awaitable<Next> refuse(ErrorCode failure);
  boost::asio::awaitable<bool> write(const Response& response, unsigned version, bool head,
                                     bool keep_alive);
  boost::asio::awaitable<void> linger();

  void enter(std::chrono::milliseconds timeout);
  void watch();
  void on_tick();
  void record(const Request& request, const Response& response, Clock::time_point began);
  // Whether bytes of a further request have arrived.
  [[nodiscard]] bool has_more() const;

  // constant after construction
  const boost::asio::any_io_executor executor_;
  ServerParts& parts_;
  const Clock::duration tick_;
  // of the strand
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer watchdog_;
  boost::beast::flat_buffer buffer_;  // at most one header and one body
  Clock::time_point deadline_;        // of the state
  bool idle_ = false;
  bool expired_ = false;  // the state's operation was cancelled by its deadline
  bool draining_ = false;
  bool closed_ = false;
};

}  // namespace larder::service
