// The listening socket.
#include "service/listener.h"

#include <array>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <linux/filter.h>
#include <sys/socket.h>

namespace larder::service {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// A socket filter sees a segment from its TCP header on: drops those that ask to connect.
void drop_connection_requests(int socket) {
  constexpr std::uint32_t kFlagsOffset = 13;
  constexpr std::uint32_t kSyn = 0x02;
  constexpr std::uint32_t kWhole = 0xFFFFFFFF;
  std::array<sock_filter, 4> program{{
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, kFlagsOffset},
      {BPF_JMP | BPF_JSET | BPF_K, 0, 1, kSyn},
      {BPF_RET | BPF_K, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, kWhole},
  }};
  const sock_fprog filter{program.size(), program.data()};
  // Where the system refuses, clients that connect in the last instant may be reset.
  static_cast<void>(setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)));
}

}  // namespace

Listener::Listener(asio::io_context& io) : io_(io), acceptor_(io) {}

Result<void> Listener::listen(const std::string& address, std::uint16_t port) {
  error_code failure;
  const auto host = asio::ip::make_address(address, failure);
  if (failure) return Error(Errc::invalid_config, "address: '" + address + "' is no IP address");
  const tcp::endpoint endpoint(host, port);
  acceptor_.open(endpoint.protocol(), failure);
  if (!failure) acceptor_.set_option(tcp::acceptor::reuse_address(true), failure);
  if (!failure) acceptor_.bind(endpoint, failure);
  if (!failure) acceptor_.listen(asio::socket_base::max_listen_connections, failure);
  if (failure) {
    return Error(Errc::unavailable, "cannot listen on " + address + " port " +
                                        std::to_string(port) + ": " + failure.message());
  }
  port_ = acceptor_.local_endpoint().port();
  return {};
}

asio::any_io_executor Listener::new_strand() { return asio::make_strand(io_); }

asio::awaitable<std::optional<Listener::Socket>> Listener::accept(error_code& failure) {
  Socket socket = co_await acceptor_.async_accept(
      new_strand(), asio::redirect_error(asio::use_awaitable, failure));
  if (failure) co_return std::nullopt;
  co_return std::move(socket);
}

std::optional<Listener::Socket> Listener::accept_waiting() {
  error_code failure;
  acceptor_.non_blocking(true, failure);
  Socket socket = acceptor_.accept(new_strand(), failure);
  if (failure) return std::nullopt;
  return socket;
}

void Listener::cancel() {
  error_code ignored;
  acceptor_.cancel(ignored);
}

void Listener::refuse_new() { drop_connection_requests(acceptor_.native_handle()); }

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace larder::service
