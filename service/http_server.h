// HttpServer: accepts connections, bounds their number, and drains: what was accepted is answered
// before it ends. Used by the serve command.
// Thread safety: listen() and run() are called once, by one thread; run() uses further threads,
// whose work on shared fields happens on one strand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_set>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "larder/result.h"
#include "service/connection.h"
#include "service/listener.h"

namespace larder::service {

// listening -> serving -> draining (SIGTERM or SIGINT; a second one cuts short) -> ended.
class HttpServer {
 public:
  // Takes SIGTERM and SIGINT from here on.
  explicit HttpServer(ServerParts parts);

  Result<void> listen();
  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }
  // Serves with `options.threads` threads, this one included, until it is drained.
  void run();

 private:
  boost::asio::awaitable<void> accept_all();
  boost::asio::awaitable<void> accept_waiting();
  boost::asio::awaitable<void> pause(std::chrono::milliseconds span);
  void serve(Listener::Socket socket);
  void end(const std::shared_ptr<Connection>& connection);
  void await_signal();
  void drain();
  void cut_off();
  void end_if_drained();

  // constant after construction
  ServerParts parts_;
  // own synchronisation
  boost::asio::io_context io_;
  boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  // of the strand
  Listener listener_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer room_;      // cancelled when a connection ends
  boost::asio::steady_timer deadline_;  // of draining
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  bool accepting_ = false;
  bool draining_ = false;
};

}  // namespace larder::service
