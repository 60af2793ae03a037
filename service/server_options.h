// ServerOptions: where the HTTP server listens and what bounds it. Every limit of the server is
// here.
// Thread safety: values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace larder::service {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  // 0: any free one
  std::size_t threads = 1;

  // Connections served at once; more wait in the listener's queue.
  std::size_t max_connections = 1024;
  std::size_t max_body_bytes = 64 * 1024;
  std::uint32_t max_header_bytes = 8 * 1024;
  // From the first byte of a request to its last, and from the first of a response to its last.
  std::chrono::milliseconds exchange_timeout = std::chrono::seconds(10);
  // How long a connection may stay without a request.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);
  // Draining: how long a connection without a request still waits for one, and after how long
  // what is left is cut off.
  std::chrono::milliseconds drain_idle = std::chrono::milliseconds(500);
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(10);
  // After the last response the client's close is awaited, so that the response is not lost to a
  // reset: this long and up to this many bytes.
  std::chrono::milliseconds linger_timeout = std::chrono::seconds(2);
  std::size_t max_linger_bytes = std::size_t{1} << 20;
};

}  // namespace larder::service
