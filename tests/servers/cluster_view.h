// ClusterView: what one node of a cluster knows of all: the answer of CLUSTER NODES, taken apart.
// Used by RedisCluster and by tests.
// Thread safety: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace larder::servers {

struct ClusterNode {
  std::string id;
  std::string address;  ///< HOST:PORT@BUS
  std::vector<std::string> flags;
  std::string primary_id;  ///< of a replica; empty: a primary
  std::uint64_t epoch = 0;
  bool is_linked = false;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> slots;  ///< first and last of each run
  std::vector<std::string> migrations;  ///< slots on their way, as the node writes them

  [[nodiscard]] bool has_flag(std::string_view flag) const;
  [[nodiscard]] bool owns(std::uint16_t slot) const;
};

struct ClusterView {
  std::vector<ClusterNode> nodes;

  /// Throws ServerError where it is no such text.
  static ClusterView parse(const std::string& text);
  /// The id of the owner; empty: nobody owns it.
  [[nodiscard]] std::string owner_id(std::uint16_t slot) const;
  [[nodiscard]] const ClusterNode& self() const;
  /// The same on every node that agrees: who is whose replica, who owns what.
  [[nodiscard]] std::string layout() const;
};

}  // namespace larder::servers
