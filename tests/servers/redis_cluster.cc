// The nodes' own file, written before they start, so that they need not meet; and the moves of
// slots.
#include "servers/redis_cluster.h"

#include <limits>
#include <optional>

#include "servers/server_error.h"
#include "servers/url_text.h"
#include "servers/wait_until.h"

namespace larder::servers {
namespace {

constexpr std::size_t kIdDigits = 40;
constexpr std::chrono::seconds kShyTime{3};  // a primary refuses writes for 2 s after its start
constexpr const char* kMigrateTimeoutMs = "5000";

// Forty digits, as a node would draw them, with the node's number at the end.
std::string make_id(std::size_t i) {
  const std::string number = std::to_string(i + 1);
  return std::string(kIdDigits - number.size(), 'a') + number;
}

}  // namespace

RedisCluster::RedisCluster(RedisClusterOptions options) : options_(std::move(options)) {
  bus_ports_ = std::vector<PortLease>(count());
  for (std::size_t i = 0; i < count(); ++i) {
    ids_.push_back(make_id(i));
    ports_.push_back(std::make_shared<PortLease>());
    if (options_.proxied) proxies_.push_back(std::make_unique<FaultProxy>(ports_[i]->port()));
  }
  for (std::size_t i = 0; i < count(); ++i) {
    nodes_.push_back(std::make_unique<RedisServer>(node_options(i)));
  }
  if (options_.time) options_.time->advance(kShyTime);
  wait_until_settled();
}

std::uint16_t RedisCluster::client_port(std::size_t i) const {
  return options_.proxied ? proxies_[i]->port() : ports_[i]->port();
}

std::string RedisCluster::nodes_file(std::size_t of) const {
  std::string text;
  for (std::size_t i = 0; i < count(); ++i) {
    const std::size_t shard = i % options_.primaries;
    const bool is_primary = i < options_.primaries;
    text += ids_[i] + " 127.0.0.1:" + std::to_string(client_port(i)) + "@" +
            std::to_string(bus_ports_[i].port()) + (i == of ? " myself," : " ") +
            (is_primary ? "master - 0 0 " : "slave " + ids_[shard] + " 0 0 ") +
            std::to_string(shard + 1) + " connected";
    if (is_primary) {
      const std::size_t first = shard * kSlots / options_.primaries;
      const std::size_t end = (shard + 1) * kSlots / options_.primaries;
      text += " " + std::to_string(first) + "-" + std::to_string(end - 1);
    }
    text += "\n";
  }
  return text + "vars currentEpoch " + std::to_string(options_.primaries) + " lastVoteEpoch 0\n";
}

RedisServerOptions RedisCluster::node_options(std::size_t i) const {
  const std::string timeout = options_.time ? std::to_string(std::numeric_limits<int>::max())
                                            : std::to_string(options_.node_timeout.count());
  RedisServerOptions options{
      .password = options_.password,
      .lines = {"cluster-enabled yes", "cluster-config-file nodes.conf",
                "cluster-port " + std::to_string(bus_ports_[i].port()),
                "cluster-announce-port " + std::to_string(client_port(i)),
                "cluster-node-timeout " + timeout, "cluster-replica-validity-factor 0",
                "cluster-allow-replica-migration no", "repl-diskless-sync-delay 0",
                "repl-ping-replica-period 1",
                std::string("cluster-replica-no-failover ") + (options_.time ? "yes" : "no")},
      .time = options_.time,
      .shifts_time = options_.time != nullptr,
      .port = ports_[i],
      .files = {{"nodes.conf", nodes_file(i)}}};
  if (!options_.password.empty()) {
    options.lines.push_back("masterauth " + config_text(options_.password));
  }
  options.lines.insert(options.lines.end(), options_.lines.begin(), options_.lines.end());
  return options;
}

std::string RedisCluster::url() const {
  std::string hosts;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    hosts += (hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(client_port(i));
  }
  return "redis+cluster://" + url_login(options_.password) + hosts;
}

std::size_t RedisCluster::index_of(const std::string& id) const {
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    if (ids_[i] == id) return i;
  }
  throw ServerError("no node of this cluster: `" + id + "`");
}

bool RedisCluster::takes_part(std::size_t i) const {
  return nodes_[i]->is_running() && !nodes_[i]->is_paused();
}

std::uint16_t RedisCluster::slot_of(const std::string& key) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!takes_part(i)) continue;
    return static_cast<std::uint16_t>(nodes_[i]->call({"CLUSTER", "KEYSLOT", key}).integer);
  }
  throw ServerError("no node runs");
}

ClusterView RedisCluster::view_of(std::size_t node) {
  return ClusterView::parse(nodes_.at(node)->command({"CLUSTER", "NODES"}));
}

std::size_t RedisCluster::owner_by(std::size_t by, std::uint16_t slot) {
  return index_of(view_of(by).owner_id(slot));
}

std::size_t RedisCluster::owner(std::uint16_t slot) {
  std::optional<std::size_t> owner;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!takes_part(i)) continue;
    const std::size_t by_this = owner_by(i, slot);
    if (owner.value_or(by_this) != by_this) throw ServerError("the nodes do not agree");
    owner = by_this;
  }
  if (!owner) throw ServerError("no node runs");
  return *owner;
}

bool RedisCluster::is_linked(std::size_t node) {
  return nodes_[node]->info("master_link_status") == "up";
}

std::size_t RedisCluster::replica_of(std::size_t primary) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!takes_part(i) || i == primary) continue;
    if (view_of(i).self().primary_id == ids_.at(primary) && is_linked(i)) return i;
  }
  throw ServerError("node " + std::to_string(primary) + " has no replica that is linked");
}

std::size_t RedisCluster::fail_over(std::size_t primary) {
  const std::size_t replica = replica_of(primary);
  const std::string id = ids_[replica];
  wait_until(
      [&] {
        if (view_of(replica).self().primary_id.empty()) return true;
        nodes_[replica]->command({"CLUSTER", "FAILOVER"});  // one that is under way starts anew
        wait_until([&] { return view_of(replica).self().primary_id.empty(); },
                   "that the replica takes over", kShyTime);
        return true;
      },
      "the end of a failover");
  wait_until_settled();
  return replica;
}

std::size_t RedisCluster::wait_for_other_owner(std::uint16_t slot, std::size_t old) {
  std::size_t fresh = old;
  wait_until(
      [&] {
        fresh = owner(slot);
        return fresh != old && nodes_[fresh]->info("role") == "master" &&
               nodes_[fresh]->command({"CLUSTER", "INFO"}).starts_with("cluster_state:ok");
      },
      "another owner of the slot");
  return fresh;
}

bool RedisCluster::is_settled() {
  std::string layout;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!takes_part(i)) continue;
    if (!nodes_[i]->command({"CLUSTER", "INFO"}).starts_with("cluster_state:ok")) return false;
    const ClusterView view = view_of(i);
    if (!layout.empty() && view.layout() != layout) return false;
    layout = view.layout();
    for (const ClusterNode& node : view.nodes) {
      const bool should_answer = takes_part(index_of(node.id));
      if (should_answer && (!node.is_linked || node.has_flag("fail") || node.has_flag("fail?"))) {
        return false;
      }
    }
    const std::string& primary_id = view.self().primary_id;
    if (!primary_id.empty() && takes_part(index_of(primary_id)) && !is_linked(i)) return false;
  }
  return true;
}

void RedisCluster::wait_until_settled() {
  wait_until([this] { return is_settled(); }, "that all nodes agree and are linked");
}

void RedisCluster::begin_migration(std::uint16_t slot, std::size_t to) {
  const std::size_t from = owner(slot);
  const std::string text = std::to_string(slot);
  nodes_.at(to)->command({"CLUSTER", "SETSLOT", text, "IMPORTING", ids_[from]});
  nodes_[from]->command({"CLUSTER", "SETSLOT", text, "MIGRATING", ids_[to]});
}

std::size_t RedisCluster::move_keys(std::uint16_t slot, std::size_t to, std::size_t at_most) {
  const std::size_t from = owner(slot);
  const Reply keys = nodes_[from]->call(
      {"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), std::to_string(at_most)});
  if (keys.items.empty()) return 0;
  std::vector<std::string> command{"MIGRATE", "127.0.0.1", std::to_string(ports_.at(to)->port()),
                                   "",        "0",         kMigrateTimeoutMs};
  if (!options_.password.empty()) command.insert(command.end(), {"AUTH", options_.password});
  command.emplace_back("KEYS");
  for (const Reply& key : keys.items) command.push_back(key.text);
  const Reply moved = nodes_[from]->call(command);
  if (moved.is_error()) throw ServerError("MIGRATE: " + moved.text);
  return keys.items.size();
}

void RedisCluster::end_migration(std::uint16_t slot, std::size_t to) {
  const std::string text = std::to_string(slot);
  const std::size_t from = owner(slot);
  // The new owner first: were it the last, a slot could be without an owner when that one dies.
  for (const std::size_t i : {to, from}) {
    nodes_.at(i)->command({"CLUSTER", "SETSLOT", text, "NODE", ids_[to]});
  }
}

void RedisCluster::migrate(std::uint16_t slot, std::size_t to) {
  constexpr std::size_t kKeysPerStep = 100;
  begin_migration(slot, to);
  while (move_keys(slot, to, kKeysPerStep) > 0) {  // bound: the keys of the slot
  }
  end_migration(slot, to);
  wait_until_settled();
}

}  // namespace larder::servers
