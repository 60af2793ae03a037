// The configuration of replication and sentinels, and looks at what they know.
#include "servers/redis_sentinels.h"

#include <array>

#include "servers/server_error.h"
#include "servers/url_text.h"
#include "servers/wait_until.h"

namespace larder::servers {
namespace {

// The sentinels' own rhythms, which nobody waits out: looks, greetings, and the time in which they
// trust nothing after they were held up themselves. A replica is good for a failover only while its
// last INFO is younger than five pings, and while the primary is down it comes once a second.
constexpr std::array<std::pair<const char*, const char*>, 7> kRhythms = {{
    {"info-period", "200"},
    {"ping-period", "400"},
    {"ask-period", "100"},
    {"publish-period", "200"},
    {"tilt-trigger", "30000"},
    {"tilt-period", "1000"},
    {"min-link-reconnect-period", "200"},
}};

// A value of a reply that lists names and values.
std::string value_of(const Reply& reply, const std::string& name) {
  for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
    if (reply.items[i].text == name) return reply.items[i + 1].text;
  }
  return {};
}

}  // namespace

RedisSentinels::RedisSentinels(RedisSentinelsOptions options) : options_(std::move(options)) {
  for (std::size_t i = 0; i <= options_.replicas; ++i) {
    ports_.push_back(std::make_shared<PortLease>());
    if (options_.proxied) proxies_.push_back(std::make_unique<FaultProxy>(ports_[i]->port()));
  }
  for (std::size_t i = 0; i <= options_.replicas; ++i) {
    servers_.push_back(std::make_unique<RedisServer>(server_options(i)));
  }
  for (std::size_t i = 0; i < options_.sentinels; ++i) {
    sentinels_.push_back(std::make_unique<RedisServer>(sentinel_options()));
    for (const auto& [name, value] : kRhythms) {
      sentinels_[i]->command({"SENTINEL", "DEBUG", name, value});
    }
  }
  wait_until_settled();
  for (const auto& sentinel : sentinels_) {
    wait_until([&] { return knows_all(*sentinel); }, "that a sentinel knows everybody");
  }
}

std::uint16_t RedisSentinels::port_of(std::size_t server) const {
  return options_.proxied ? proxies_[server]->port() : ports_[server]->port();
}

RedisServerOptions RedisSentinels::server_options(std::size_t i) const {
  RedisServerOptions options{.password = options_.password,
                             .lines = {"repl-diskless-sync-delay 0", "repl-ping-replica-period 1",
                                       "replica-announce-port " + std::to_string(port_of(i))},
                             .time = options_.time,
                             .shifts_time = options_.time != nullptr,
                             .port = ports_[i]};
  if (i > 0) options.lines.push_back("replicaof 127.0.0.1 " + std::to_string(port_of(0)));
  if (!options_.password.empty()) {
    options.lines.push_back("masterauth " + config_text(options_.password));
  }
  options.lines.insert(options.lines.end(), options_.lines.begin(), options_.lines.end());
  return options;
}

RedisServerOptions RedisSentinels::sentinel_options() const {
  const std::string name = std::string(" ") + kPrimaryName + " ";
  RedisServerOptions options{
      .password = options_.sentinel_password,
      .lines = {"sentinel monitor" + name + "127.0.0.1 " + std::to_string(port_of(0)) + " " +
                    std::to_string(options_.quorum),
                "sentinel down-after-milliseconds" + name +
                    std::to_string(options_.down_after.count()),
                "sentinel failover-timeout" + name + "3000",
                "sentinel parallel-syncs" + name + std::to_string(options_.replicas)},
      .shifts_time = false,
      .role = RedisRole::sentinel};
  if (!options_.password.empty()) {
    options.lines.push_back("sentinel auth-pass" + name + config_text(options_.password));
  }
  if (!options_.sentinel_password.empty()) {
    options.lines.push_back("sentinel sentinel-pass " + config_text(options_.sentinel_password));
  }
  return options;
}

std::string RedisSentinels::url() const {
  std::string hosts;
  for (const auto& sentinel : sentinels_) {
    hosts += (hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(sentinel->port());
  }
  std::string url = "sentinel://" + url_login(options_.password) + hosts + "/" + kPrimaryName;
  if (options_.sentinel_password.empty()) return url;
  return url + "?sentinel_password=" + url_text(options_.sentinel_password);
}

bool RedisSentinels::knows_all(RedisServer& sentinel) const {
  const Reply known = sentinel.call({"SENTINEL", "MASTER", kPrimaryName});
  return value_of(known, "flags") == "master" &&
         value_of(known, "num-slaves") == std::to_string(options_.replicas) &&
         value_of(known, "num-other-sentinels") == std::to_string(options_.sentinels - 1);
}

std::size_t RedisSentinels::primary_by(std::size_t sentinel) {
  const Reply address =
      sentinels_.at(sentinel)->call({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", kPrimaryName});
  for (std::size_t i = 0; i < servers_.size() && address.items.size() == 2; ++i) {
    if (address.items[1].text == std::to_string(port_of(i))) return i;
  }
  throw ServerError("a sentinel names as the primary: " + address.to_string());
}

std::size_t RedisSentinels::primary() {
  std::optional<std::size_t> named;
  for (std::size_t i = 0; i < sentinels_.size(); ++i) {
    if (!sentinels_[i]->is_running()) continue;
    const std::size_t by_this = primary_by(i);
    if (named.value_or(by_this) != by_this) throw ServerError("the sentinels do not agree");
    named = by_this;
  }
  if (!named) throw ServerError("no sentinel runs");
  return *named;
}

std::size_t RedisSentinels::fail_over() {
  wait_until_settled();
  const std::size_t old = primary();
  wait_until(
      [&] {
        // Refused as long as the sentinel has no recent news of a replica, or does one already.
        return !sentinels_.front()->call({"SENTINEL", "FAILOVER", kPrimaryName}).is_error();
      },
      "that a sentinel begins a failover");
  const std::size_t fresh = wait_for_other_primary(old);
  wait_until_settled();
  return fresh;
}

std::size_t RedisSentinels::wait_for_other_primary(std::size_t old) {
  std::size_t fresh = old;
  wait_until(
      [&] {
        fresh = primary();
        return fresh != old && servers_[fresh]->info("role") == "master";
      },
      "that the sentinels name another primary");
  return fresh;
}

bool RedisSentinels::is_in_step(RedisServer& server, std::size_t primary) {
  return server.info("role") == "slave" &&
         server.info("master_port") == std::to_string(port_of(primary)) &&
         server.info("master_link_status") == "up" &&
         server.info("slave_repl_offset") == servers_[primary]->info("master_repl_offset");
}

void RedisSentinels::wait_until_settled() {
  const auto settled = [&] {
    const std::size_t now_primary = primary();
    if (servers_[now_primary]->info("role") != "master") return false;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      if (i == now_primary || !servers_[i]->is_running()) continue;
      if (!is_in_step(*servers_[i], now_primary)) return false;
    }
    return true;
  };
  wait_until(settled, "that all servers are in step");
}

}  // namespace larder::servers
