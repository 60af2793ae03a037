// RedisSentinels: a primary, its replicas and the sentinels that watch them, started for one test.
// Used by tests of discovery and failover.
// Thread safety: one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "servers/fault_proxy.h"
#include "servers/redis_server.h"

namespace larder::servers {

struct RedisSentinelsOptions {
  std::size_t replicas = 2;
  std::size_t sentinels = 3;
  std::size_t quorum = 2;
  /// Of the servers. Without blanks: a sentinel writes it into its configuration as it is.
  std::string password{};
  /// Of the sentinels themselves.
  std::string sentinel_password{};
  /// How long a server is silent before a sentinel takes it for dead.
  std::chrono::milliseconds down_after{1'000};
  /// Of the servers; the sentinels always live in the system's. Null: so do the servers.
  std::shared_ptr<TimeShift> time{};
  /// Everybody reaches the servers through proxies, sentinels and replicas too.
  bool proxied = false;
  /// More lines of the servers' redis.conf.
  std::vector<std::string> lines{};
};

class RedisSentinels {
 public:
  static constexpr const char* kPrimaryName = "larder-primary";

  /// Returns when the sentinels know each other and all servers. Throws ServerError.
  explicit RedisSentinels(RedisSentinelsOptions options = {});

  /// sentinel://HOST:PORT,.../NAME, with the passwords.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::size_t server_count() const noexcept { return servers_.size(); }
  /// Servers may be killed, paused and started again; the first began as the primary.
  [[nodiscard]] RedisServer& server(std::size_t i) { return *servers_.at(i); }
  [[nodiscard]] FaultProxy& proxy(std::size_t i) { return *proxies_.at(i); }
  [[nodiscard]] std::size_t sentinel_count() const noexcept { return sentinels_.size(); }
  [[nodiscard]] RedisServer& sentinel(std::size_t i) { return *sentinels_.at(i); }

  /// The server that the sentinel names as the primary.
  [[nodiscard]] std::size_t primary_by(std::size_t sentinel);
  /// The same of all sentinels that run; throws ServerError where they differ.
  [[nodiscard]] std::size_t primary();

  /// Asks a sentinel for a failover, and waits for its end. Returns the new primary.
  std::size_t fail_over();
  /// After the primary was killed or paused: waits until all sentinels name another, and that one
  /// is a primary. Returns it.
  std::size_t wait_for_other_primary(std::size_t old);
  /// Waits until all servers that run are the primary that the sentinels name, or in step with it.
  void wait_until_settled();

 private:
  [[nodiscard]] std::uint16_t port_of(std::size_t server) const;
  [[nodiscard]] RedisServerOptions server_options(std::size_t i) const;
  [[nodiscard]] RedisServerOptions sentinel_options() const;
  [[nodiscard]] bool knows_all(RedisServer& sentinel) const;
  [[nodiscard]] bool is_in_step(RedisServer& server, std::size_t primary);

  // constant after construction
  const RedisSentinelsOptions options_;
  std::vector<std::shared_ptr<PortLease>> ports_;
  std::vector<std::unique_ptr<FaultProxy>> proxies_;  // of the servers; none unless proxied
  std::vector<std::unique_ptr<RedisServer>> servers_;
  std::vector<std::unique_ptr<RedisServer>> sentinels_;
};

}  // namespace larder::servers
