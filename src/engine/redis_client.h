// RedisClient: a few multiplexed connections to one Redis server, shared by all threads and
// coroutines. Redis engines send their requests through it.
//
// Thread safety: every member may be called from any thread at any time, callbacks of requests
// included.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "larder/clock.h"
#include "larder/engine.h"
#include "larder/result.h"
#include "redis/request.h"
#include "redis/url.h"

namespace larder::engine {

// What happens to a request that finds the queue of its connection full.
enum class OnOverload : std::uint8_t {
  reject,  // it ends with `overloaded` at once
  wait,    // it waits for room, until its deadline; no thread is blocked
};

// Hears what belongs to no request. Called on the connection's thread, with no lock held; must not
// block or throw; must outlive the client.
class RedisListener {
 public:
  // Connection `index` has greeted the server: what it was subscribed to before is gone.
  virtual void on_ready(std::size_t index) noexcept { static_cast<void>(index); }
  // It is lost; requests wait for its successor.
  virtual void on_lost(std::size_t index) noexcept { static_cast<void>(index); }
  // A push (RESP3): a message, an invalidation. Views are valid during the call only.
  virtual void on_push(std::size_t index, const resp::Value& push) noexcept {
    static_cast<void>(index), static_cast<void>(push);
  }

 protected:
  ~RedisListener() = default;
};

// Every field: meaning, default, accepted range.
struct RedisClientOptions {
  redis::Target target;
  /// Connections to the server; a thread keeps to one of them. Default 2; 1 to 64.
  std::size_t connections = 2;
  /// From the first step of connecting to the end of the greeting. Where a connection is away for
  /// so long, the requests that wait for it end with `unavailable`, later ones at once. Default
  /// 2 s; 1 ms to 10 min.
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(2);
  /// The pause after the second failed attempt in a row (the first is repeated at once); it
  /// doubles from there, with jitter. Default 50 ms; 1 ms to 1 h.
  std::chrono::nanoseconds backoff_first = std::chrono::milliseconds(50);
  /// The longest pause: so late the end of an outage is seen. Default 800 ms; backoff_first to 1 h.
  std::chrono::nanoseconds backoff_most = std::chrono::milliseconds(800);
  /// A connection that owes replies and brings no byte for so long is lost. Default 5 s; 1 ms to
  /// 1 h.
  std::chrono::nanoseconds silence_limit = std::chrono::seconds(5);
  /// An idle connection is tried with a PING after so long. Default 10 s; 1 ms to 1 h.
  std::chrono::nanoseconds idle_limit = std::chrono::seconds(10);
  /// Most requests of one connection that are sent and not ended. Default 65,536; 1 to 16,777,216.
  std::size_t max_requests = 65'536;
  /// Most bytes of their commands; one request is always taken. Default 256 MiB; 1 to 16 GiB.
  std::size_t max_bytes = std::size_t{256} << 20;
  /// Default OnOverload::reject.
  OnOverload on_overload = OnOverload::reject;
  /// Shown by CLIENT LIST unless the target names another. Default "larder"; printable, no blanks.
  std::string client_name = "larder";
  /// Overwrite the buffers of the connections after use. Default off.
  bool secure_wipe = false;
  /// Seed of the jitter. Default: the process's random seed.
  std::optional<std::uint64_t> seed;
  /// Hears pushes and reconnects. Default none.
  RedisListener* listener = nullptr;

  /// Every problem, one sentence each, naming field and accepted range; empty: valid.
  [[nodiscard]] std::vector<std::string> problems() const;
};

// Sums over all connections since the start, but for the first group, which is of this moment.
struct RedisClientStats {
  std::size_t connections = 0;
  std::size_t connections_ready = 0;
  std::size_t queued = 0;               // requests that are not written
  std::size_t in_flight = 0;            // requests that are written and not answered
  std::chrono::nanoseconds latency{0};  // from write to last reply: a moving mean
  unsigned protocol = 0;                // of the last greeting: 2 or 3; 0: none
  std::uint64_t requests = 0;           // accepted
  std::uint64_t replies = 0;
  std::uint64_t pushes = 0;
  std::uint64_t writes = 0;  // requests written per write: requests / writes
  std::uint64_t reads = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t largest_write = 0;    // most requests in one write
  std::uint64_t connects = 0;         // greetings that succeeded
  std::uint64_t failed_connects = 0;  // attempts that failed
  std::uint64_t losses = 0;           // connections lost after their greeting
  std::uint64_t overloaded = 0;       // requests refused for a full queue
  std::uint64_t expired = 0;          // requests whose deadline passed before they were written
  std::uint64_t unavailable = 0;      // requests that waited in vain for a connection
};

// States: made, started, closed. Requests sent before the start wait for it as for a connection.
class RedisClient {
 public:
  // `invalid_config` with every problem of the options, unreadable certificates included.
  // Deadlines of requests are on `clock`.
  static Result<std::shared_ptr<RedisClient>> create(RedisClientOptions options,
                                                     std::shared_ptr<const Clock> clock);
  ~RedisClient();  // closes; requests that are open end with `closed`
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  // Starts the thread that does the I/O, and connects. Calls after the first have no effect.
  void start();

  // Takes a share of `request` and sends it over the connection of the calling thread. Never
  // blocks. Requests of one thread reach the server in their order while no connection is lost.
  void send(redis::Request& request) noexcept;
  // The same over connection `index`, below options.connections.
  void send_on(std::size_t index, redis::Request& request) noexcept;
  // The connection of the calling thread.
  [[nodiscard]] std::size_t own_index() const noexcept;

  [[nodiscard]] RedisClientStats stats() const;
  // Up: all connections are ready; degraded: some; down: none. Asks nobody.
  [[nodiscard]] Health health() const;
  // The target's endpoints, for messages.
  [[nodiscard]] const std::string& name() const noexcept;

  // Ends every open request with `closed` and every connection; idempotent. Afterwards no callback
  // runs (unless a callback itself closes), and requests end with `closed`.
  void close() noexcept;

 private:
  struct Core;
  explicit RedisClient(std::shared_ptr<Core> core) noexcept;

  const std::shared_ptr<Core> core_;  // constant after construction; shared with its thread
};

}  // namespace larder::engine
