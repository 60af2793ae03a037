// Accepting, counting and draining.
#include "service/http_server.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace larder::service {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

// After accept() has failed (no free descriptor, in practice).
constexpr milliseconds kAcceptPause{50};
// For handshakes that have begun when new ones are refused.
constexpr milliseconds kHandshakePause{20};

}  // namespace

HttpServer::HttpServer(ServerParts parts)
    : parts_(std::move(parts)),
      io_(static_cast<int>(parts_.options.threads)),
      strand_(asio::make_strand(io_)),
      listener_(io_),
      signals_(strand_, SIGTERM, SIGINT),
      room_(strand_),
      deadline_(strand_) {}

Result<void> HttpServer::listen() {
  return listener_.listen(parts_.options.address, parts_.options.port);
}

void HttpServer::run() {
  await_signal();
  accepting_ = true;
  asio::co_spawn(strand_, accept_all(), asio::detached);
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < parts_.options.threads; ++i) {
    threads.emplace_back([this] { io_.run(); });
  }
  io_.run();
}

asio::awaitable<void> HttpServer::accept_all() {
  while (!draining_) {
    if (connections_.size() >= parts_.options.max_connections) {
      co_await pause(std::chrono::hours(1));  // until a connection ends
      continue;
    }
    error_code failure;
    std::optional<Listener::Socket> socket = co_await listener_.accept(failure);
    if (socket) {
      serve(*std::move(socket));
    } else if (!draining_) {
      parts_.log.event(spdlog::level::warn, "accept_failed", {{"reason", failure.message()}});
      co_await pause(kAcceptPause);
    }
  }
  co_await accept_waiting();
  accepting_ = false;
  end_if_drained();
}

// Clients whose connect() has succeeded may have sent their request: takes them all, also beyond
// the limit of connections. Bounded by the length of the system's queue.
asio::awaitable<void> HttpServer::accept_waiting() {
  listener_.refuse_new();
  for (const bool last : {false, true}) {
    while (std::optional<Listener::Socket> socket = listener_.accept_waiting()) {
      serve(*std::move(socket));
    }
    if (!last) co_await pause(kHandshakePause);
  }
  listener_.close();
}

asio::awaitable<void> HttpServer::pause(milliseconds span) {
  error_code ignored;
  room_.expires_after(span);
  co_await room_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void HttpServer::serve(Listener::Socket socket) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto executor = socket.get_executor();
  auto connection = std::make_shared<Connection>(std::move(socket), parts_);
  connections_.insert(connection);
  parts_.metrics.connection_opened();
  if (draining_) asio::post(executor, [connection] { connection->drain(); });
  asio::co_spawn(executor, connection->run(), [this, connection](std::exception_ptr) {
    asio::post(strand_, [this, connection] { end(connection); });
  });
}

void HttpServer::end(const std::shared_ptr<Connection>& connection) {
  connections_.erase(connection);
  parts_.metrics.connection_closed();
  room_.cancel();
  end_if_drained();
}

void HttpServer::await_signal() {
  signals_.async_wait([this](error_code failure, int) {
    if (failure) return;
    await_signal();
    if (draining_) {
      cut_off();
    } else {
      drain();
    }
  });
}

void HttpServer::drain() {
  draining_ = true;
  parts_.log.event(spdlog::level::info, "draining", {{"connections", connections_.size()}});
  listener_.cancel();
  room_.cancel();
  for (const auto& connection : connections_) {
    asio::post(connection->executor(), [connection] { connection->drain(); });
  }
  deadline_.expires_after(parts_.options.drain_timeout);
  deadline_.async_wait([this](error_code failure) {
    if (!failure) cut_off();
  });
}

void HttpServer::cut_off() {
  parts_.log.event(spdlog::level::warn, "cut_off", {{"connections", connections_.size()}});
  for (const auto& connection : connections_) {
    asio::post(connection->executor(), [connection] { connection->abort(); });
  }
}

void HttpServer::end_if_drained() {
  if (!draining_ || accepting_ || !connections_.empty()) return;
  error_code ignored;
  signals_.cancel(ignored);
  deadline_.cancel();
}

}  // namespace larder::service
