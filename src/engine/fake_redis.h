// FakeRedis: a server in the test itself that answers as it is told to, and misbehaves on demand.
// Used by the tests of the Redis client.
//
// Thread safety: every member from any thread; the answerer runs on the server's own thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace larder::engine {

class FakeRedis {
 public:
  using Command = std::vector<std::string>;
  // The bytes that answer a command; empty: none. Greetings are answered before it is asked.
  using Answerer = std::function<std::string(const Command&)>;

  // Listens on a free port of the loopback, or on a unix socket.
  explicit FakeRedis(Answerer answerer, std::string unix_path = {});
  ~FakeRedis();
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::string url() const;
  // Connections accepted so far; commands received so far, those of greetings aside.
  [[nodiscard]] std::size_t accepted() const noexcept;
  [[nodiscard]] std::size_t received() const noexcept;

  // Closes every connection.
  void drop();
  // Closes every connection and refuses new ones; listens again on the same port.
  void stop();
  void start();
  // Sends bytes over every connection.
  void say(std::string bytes);
  // What HELLO is answered instead; empty: as a server of RESP3 does.
  void set_hello(std::string answer);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;  // constant after construction
};

}  // namespace larder::engine
