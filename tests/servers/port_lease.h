// PortLease: a loopback port that nobody else of these tests takes while the lease lives, though
// nothing listens on it: a server may be stopped and started again on its port. The ports lie below
// the range from which the system takes the ports of outgoing connections.
// Thread safety: as a plain value; leases of several threads and processes do not meet.
#pragma once

#include <cstdint>

#include "servers/file_handle.h"

namespace larder::servers {

class PortLease {
 public:
  /// A port that was free a moment ago. Throws ServerError where there is none.
  PortLease();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  FileHandle claim_;  // an abstract unix socket with the port in its name: ends with the process
  std::uint16_t port_ = 0;
};

}  // namespace larder::servers
