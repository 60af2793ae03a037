// Listener: the listening socket of the HTTP server, and its end without losing a client.
// Thread safety: none of its own: all members run on the server's strand once it listens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "larder/result.h"

namespace larder::service {

class Listener {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  explicit Listener(boost::asio::io_context& io);

  // Port 0 takes any free one.
  Result<void> listen(const std::string& address, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  // The next connection, with a strand of its own as its executor; nothing after cancel(), or
  // when the system has no room, which `failure` says.
  boost::asio::awaitable<std::optional<Socket>> accept(boost::system::error_code& failure);
  // A connection that waits in the queue, if any.
  std::optional<Socket> accept_waiting();
  // Ends accept().
  void cancel();
  // The system drops attempts to connect from here on; those whose handshake has begun still come
  // to the queue. So the queue can be emptied for good before close(), which resets what is in it.
  void refuse_new();
  void close();

 private:
  boost::asio::any_io_executor new_strand();

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
};

}  // namespace larder::service
