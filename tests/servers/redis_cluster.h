// RedisCluster: primaries that share the slots, and their replicas, started for one test. Used by
// tests of redirection, failover and the migration of slots.
// Thread safety: one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "servers/cluster_view.h"
#include "servers/fault_proxy.h"
#include "servers/redis_server.h"

namespace larder::servers {

struct RedisClusterOptions {
  std::size_t primaries = 3;
  /// Of each primary.
  std::size_t replicas = 1;
  std::string password{};
  /// How long a node is silent before the others take it for dead.
  std::chrono::milliseconds node_timeout{1'000};
  /// Of all nodes; null: the system's. In any other they take nobody for dead, and no replica takes
  /// over unless asked: to a node each move looks like a silence of the others.
  std::shared_ptr<TimeShift> time{};
  /// Clients are sent to proxies in front of the nodes; replicas reach their primaries through
  /// them, too, while the nodes talk to each other directly.
  bool proxied = false;
  /// More lines of the nodes' redis.conf.
  std::vector<std::string> lines{};
};

// Nodes 0 to primaries-1 begin as primaries with equal parts of the slots, node i + primaries as a
// replica of node i, and so on.
class RedisCluster {
 public:
  static constexpr std::uint16_t kSlots = 16'384;

  /// Returns when all nodes see the cluster as whole and all replicas are linked. Throws
  /// ServerError.
  explicit RedisCluster(RedisClusterOptions options = {});

  /// redis+cluster://HOST:PORT,... with all nodes.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::size_t node_count() const noexcept { return nodes_.size(); }
  /// Nodes may be killed, paused and started again.
  [[nodiscard]] RedisServer& node(std::size_t i) { return *nodes_.at(i); }
  [[nodiscard]] FaultProxy& proxy(std::size_t i) { return *proxies_.at(i); }
  /// The node as the others name it.
  [[nodiscard]] const std::string& id(std::size_t i) const { return ids_.at(i); }
  /// Where clients are sent for it.
  [[nodiscard]] std::uint16_t client_port(std::size_t i) const;

  [[nodiscard]] std::uint16_t slot_of(const std::string& key);
  /// What one node knows of all.
  [[nodiscard]] ClusterView view_of(std::size_t node);
  /// The owner of a slot by the word of `by`, or of all nodes that run and do not stand still;
  /// throws ServerError where they differ or nobody owns it.
  [[nodiscard]] std::size_t owner_by(std::size_t by, std::uint16_t slot);
  [[nodiscard]] std::size_t owner(std::uint16_t slot);
  [[nodiscard]] std::size_t owner_of_key(const std::string& key) { return owner(slot_of(key)); }
  /// A replica, linked, of a primary. Throws ServerError where it has none.
  [[nodiscard]] std::size_t replica_of(std::size_t primary);

  /// A replica of `primary` takes over in agreement with it. Returns that replica.
  std::size_t fail_over(std::size_t primary);
  /// After the owner of `slot` was killed or paused: waits until all others name another that
  /// serves it. Returns it. Only in the system's time.
  std::size_t wait_for_other_owner(std::uint16_t slot, std::size_t old);
  /// Waits until all nodes that run see the cluster as whole, agree on the owners, and replicas are
  /// linked to their primaries.
  void wait_until_settled();

  /// The steps of a live migration. Between the first and the last, keys that have moved are
  /// answered with ASK, batches that are torn with TRYAGAIN.
  void begin_migration(std::uint16_t slot, std::size_t to);
  /// Moves at most so many keys; returns how many it moved.
  std::size_t move_keys(std::uint16_t slot, std::size_t to, std::size_t at_most);
  void end_migration(std::uint16_t slot, std::size_t to);
  /// All of it, and until all nodes know.
  void migrate(std::uint16_t slot, std::size_t to);

 private:
  [[nodiscard]] std::size_t count() const { return options_.primaries * (options_.replicas + 1); }
  [[nodiscard]] std::string nodes_file(std::size_t of) const;
  [[nodiscard]] RedisServerOptions node_options(std::size_t i) const;
  [[nodiscard]] std::size_t index_of(const std::string& id) const;
  [[nodiscard]] bool takes_part(std::size_t i) const;
  [[nodiscard]] bool is_settled();
  [[nodiscard]] bool is_linked(std::size_t node);

  // constant after construction
  const RedisClusterOptions options_;
  std::vector<std::string> ids_;
  std::vector<std::shared_ptr<PortLease>> ports_;
  std::vector<PortLease> bus_ports_;
  std::vector<std::unique_ptr<FaultProxy>> proxies_;  // none unless proxied
  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

}  // namespace larder::servers
