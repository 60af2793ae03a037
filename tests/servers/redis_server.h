// RedisServer: a real Redis of this machine, started for one test: on a loopback port and a unix
// socket of its own, without persistence, with a wall clock that the test moves. Used by every test
// that needs a server, and by the topologies of several.
// Thread safety: one thread at a time; advance() and what is constant from any.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "servers/child_process.h"
#include "servers/port_lease.h"
#include "servers/resp_client.h"
#include "servers/temp_dir.h"
#include "servers/time_shift.h"
#include "servers/tls_files.h"

namespace larder::servers {

/// Why no server can be started on this machine; empty: one can. Tests that need one skip with it:
/// `if (!missing_redis().empty()) GTEST_SKIP() << missing_redis();`
const std::string& missing_redis();

enum class RedisRole : std::uint8_t { server, sentinel };

struct RedisServerOptions {
  /// Of the user `default`; empty: none is asked for.
  std::string password{};
  /// TLS alone on the port; the unix socket is plain. tls() has the files for clients.
  bool tls = false;
  /// With tls: clients show a certificate of the same authority.
  bool tls_clients = false;
  /// As in redis.conf, "2mb"; empty: no limit.
  std::string maxmemory{};
  std::string maxmemory_policy{};
  /// More lines of redis.conf; they come last.
  std::vector<std::string> lines{};
  /// Whose time it lives in, to share one with other servers; null: one of its own.
  std::shared_ptr<TimeShift> time{};
  /// Off: the system's time, untouched, for measurements. advance() is then an error.
  bool shifts_time = true;
  RedisRole role = RedisRole::server;
  /// Where it listens, for those who must know before it starts; null: on a port of its own.
  std::shared_ptr<PortLease> port{};
  /// Name and content of files in its folder, before the first start.
  std::vector<std::pair<std::string, std::string>> files{};
};

// States: running <-> paused, running -> stopped -> running (start() gives an empty server on the
// same port). The constructor starts it; the destructor ends it.
class RedisServer {
 public:
  /// Returns when the server answers PING. Throws ServerError with its log where it does not.
  explicit RedisServer(RedisServerOptions options = {});
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer();

  [[nodiscard]] std::uint16_t port() const noexcept { return options_.port->port(); }
  /// redis://[:PASSWORD@]127.0.0.1:PORT or rediss://, with the options that its certificates need.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string unix_url() const;
  [[nodiscard]] std::string unix_path() const { return folder_.file("redis.sock"); }
  [[nodiscard]] const TlsFiles& tls() const { return tls_.value(); }
  [[nodiscard]] const std::shared_ptr<TimeShift>& time() const noexcept { return options_.time; }
  [[nodiscard]] std::shared_ptr<ShiftedClock> clock() const;

  /// Moves the server's wall clock and every clock() forward.
  void advance(std::chrono::nanoseconds span) const;
  /// SIGTERM, and until it has ended.
  void stop();
  /// Again, after stop() or kill9(), with its configuration as it has rewritten it.
  void start();
  void kill9();
  /// SIGSTOP and SIGCONT: connections stay open and silent in between.
  void pause();
  void resume();
  [[nodiscard]] bool is_running() const noexcept { return process_.has_value(); }
  [[nodiscard]] bool is_paused() const noexcept { return process_ && process_->is_paused(); }
  [[nodiscard]] pid_t pid() const { return process_.value().pid(); }

  /// Over the unix socket, on a connection kept for it. Throws ServerError without an answer.
  Reply call(std::span<const std::string> arguments);
  Reply call(std::initializer_list<std::string> arguments) {
    return call(std::span(arguments.begin(), arguments.size()));
  }
  /// The answer as text (Reply::to_string()); throws ServerError where it is an error, too.
  std::string command(std::initializer_list<std::string> arguments);
  /// A field of INFO; empty where it has none of the name.
  std::string info(const std::string& field);
  /// A connection of the test's own, authenticated.
  [[nodiscard]] RespClient connect(
      std::chrono::milliseconds patience = RespClient::kPatience) const;
  /// What the server wrote.
  [[nodiscard]] std::string log() const;

 private:
  void write_config() const;
  void launch();
  bool becomes_ready();
  [[nodiscard]] bool answers() const;

  // constant after construction
  RedisServerOptions options_;
  TempDir folder_;
  std::optional<TlsFiles> tls_;
  // of the user's thread
  std::optional<ChildProcess> process_;
  std::optional<RespClient> control_;
};

}  // namespace larder::servers
