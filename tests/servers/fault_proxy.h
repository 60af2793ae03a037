// FaultProxy: a TCP proxy on the loopback that breaks what passes, as a test tells it, and counts
// what it broke. Used between a client under test and a real server.
// Thread safety: every member may be called from any thread at any time. The proxy works on a
// thread of its own.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "servers/faults.h"
#include "servers/file_handle.h"
#include "servers/port_lease.h"
#include "servers/proxy_link.h"

namespace larder::servers {

class FaultProxy {
 public:
  /// Forwards from its own port to `target_port`. Throws ServerError.
  explicit FaultProxy(std::uint16_t target_port);
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;
  ~FaultProxy();

  [[nodiscard]] std::uint16_t port() const noexcept { return lease_.port(); }
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port()); }

  /// From now on this happens to the bytes of `way`.
  void set(Way way, const Faults& faults);
  /// Nothing is broken any more; what was held flows.
  void clear();
  /// New connections are refused, or taken again.
  void refuse(bool refused);
  /// Ends the connections that are open, by a reset or in order.
  void cut_all(bool reset = false);
  /// Where later connections go.
  void set_target(std::uint16_t port);

  [[nodiscard]] ProxyCounts counts() const;
  /// Waits until the counts are so, at most `most`; whether they are.
  bool wait_for(const std::function<bool(const ProxyCounts&)>& holds,
                std::chrono::milliseconds most = std::chrono::seconds(10)) const;

 private:
  void listen();
  void run();
  void accept_all();
  [[nodiscard]] std::chrono::nanoseconds prepare(std::vector<pollfd>& polled, Instant now) const;
  void proceed(const std::vector<pollfd>& polled, Instant now);
  void changed_locked();

  // constant after construction
  PortLease lease_;
  FileHandle bell_;  // an eventfd: rouses the thread
  // guarded by mutex_
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  FileHandle listener_;  // none while connections are refused
  std::uint16_t target_;
  std::array<Faults, 2> faults_;
  ProxyCounts counts_;
  std::list<ProxyLink> links_;
  std::uint64_t changes_ = 0;  // calls that may have changed the connections or what they wait for
  bool ends_ = false;

  std::jthread thread_;  // last to be made, and joined before anything that it uses goes
};

}  // namespace larder::servers
