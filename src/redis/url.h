// The address of a Redis: a URL and what it says. Used by whoever reads configuration; the client
// connects to the result.
//
// Thread safety: values, and a pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wiped_text.h"
#include "larder/result.h"

namespace larder::redis {

inline constexpr std::uint16_t kDefaultPort = 6'379;
inline constexpr std::uint16_t kDefaultSentinelPort = 26'379;
inline constexpr std::uint32_t kMostDatabase = 1'000'000;  // servers have fewer: `databases`
inline constexpr std::size_t kMostUrlBytes = 65'536;
inline constexpr std::size_t kMostEndpoints = 1'024;

// Where a server listens: a host and a port, or the path of a unix socket.
struct Endpoint {
  std::string host{};  // a name or an address, IPv6 without brackets; empty: a unix socket
  std::uint16_t port = kDefaultPort;
  std::string path{};  // of a unix socket; empty: TCP

  [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
  // "host:port", "[address]:port" or the path.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Tls {
  bool enabled = false;
  bool verify = true;         // the server's certificate against the authorities and its name
  std::string ca_file{};      // PEM; empty: the system's authorities
  std::string cert_file{};    // PEM, of the client; empty: none
  std::string key_file{};     // PEM, of cert_file; not empty together with it
  std::string server_name{};  // for SNI and the check of the name; empty: the endpoint's host
};

enum class Topology : std::uint8_t { standalone, sentinel, cluster };

// Everything a connection needs to know of the other side.
struct Target {
  Topology topology = Topology::standalone;
  std::vector<Endpoint> endpoints = {{.host = "127.0.0.1",
                                      .port = kDefaultPort,
                                      .path = {}}};  // at least one; sentinels, or seeds
  base::WipedText user{};                            // empty: `default`
  base::WipedText password{};                        // empty: no authentication
  std::uint32_t database = 0;                        // 0 to kMostDatabase
  unsigned protocol = 3;      // 3: RESP3, and RESP2 where the server has no other; 2: RESP2
  std::string client_name{};  // shown by CLIENT LIST; printable, no blanks; empty: the caller's
  Tls tls;
  // of Topology::sentinel
  std::string primary_name{};
  base::WipedText sentinel_user{};
  base::WipedText sentinel_password{};

  // The endpoints, for messages: without credentials.
  [[nodiscard]] std::string text() const;
};

// redis://[[user]:password@]host[:port][/database]     rediss:// the same over TLS
// unix://[[user]:password@]/path[?db=n]
// sentinel://[[user]:password@]host[:port][,host...]/primary[/database]
// redis+cluster://[[user]:password@]host[:port][,host...]
// Query options, `name=value` joined by `&`: db, protocol (2, 3), name, tls (true, false), verify
// (true, false), ca_file, cert_file, key_file, server_name, sentinel_user, sentinel_password. User,
// password, path, names and values may hold %XX.
// Every error is `invalid_config` and names the part and what it accepts; it repeats no byte of the
// URL, since a badly quoted password may have ended up in any part.
Result<Target> parse_url(std::string_view url);

// "host", "host:port", "[address]:port" (what REDIS_ADDR holds).
Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port = kDefaultPort);

}  // namespace larder::redis
