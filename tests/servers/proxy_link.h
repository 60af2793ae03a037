// ProxyLink: one connection through a FaultProxy: the client's socket, the server's, and the pipes
// between them. Used by FaultProxy alone.
// Thread safety: the proxy's lock is held.
#pragma once

#include <array>
#include <optional>
#include <poll.h>
#include <vector>

#include "servers/file_handle.h"
#include "servers/proxy_pipe.h"

namespace larder::servers {

// States: open -> closed. Both sockets close together.
class ProxyLink {
 public:
  ProxyLink(FileHandle client, FileHandle server, std::array<Faults, 2>& faults,
            ProxyCounts& counts);

  void restart() noexcept;
  /// Adds what it waits for: two entries.
  void prepare(std::vector<pollfd>& polled) const;
  /// The two entries after poll(): receives, sends, closes. False once it is closed.
  bool proceed(const pollfd* polled, Instant now);
  /// When it wants to proceed though nothing happens.
  [[nodiscard]] std::optional<Instant> due() const noexcept;
  void cut(bool reset);

 private:
  struct Side {
    FileHandle socket;
    ProxyPipe out;         // what this side sends
    bool is_shut = false;  // the other side was told that no more comes
  };

  [[nodiscard]] ProxyPipe& into(std::size_t side) noexcept { return sides_[1 - side].out; }
  [[nodiscard]] const ProxyPipe& into(std::size_t side) const noexcept {
    return sides_[1 - side].out;
  }
  [[nodiscard]] bool receive(Side& side, Instant now);
  [[nodiscard]] bool send(std::size_t side, Instant now);
  void close(bool reset);

  // constant after construction
  const std::array<Faults, 2>* faults_;
  ProxyCounts* counts_;
  // of the proxy's thread
  std::array<Side, 2> sides_;      // the client, the server
  std::array<bool, 2> blocked_{};  // a send to this side must wait for room
};

}  // namespace larder::servers
