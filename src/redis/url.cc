// The parser of URLs: scheme, then user, hosts, path and options, each with its own error.
#include "redis/url.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/secure.h"

namespace larder::redis {
namespace {

constexpr std::size_t kMostHostBytes = 255;
constexpr std::size_t kMostPathBytes = 107;  // what an address of a unix socket holds
constexpr std::size_t kMostSecretBytes = 4'096;
constexpr std::size_t kMostNameBytes = 128;

Error refuse(std::string_view part, std::string_view accepts) {
  return Error(Errc::invalid_config, std::string(part) + ": " + std::string(accepts));
}

char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// What stands before `mark`; `rest` is left with what follows it, or empty where there is none.
std::string_view take_before(std::string_view& rest, std::string_view mark) noexcept {
  const std::size_t at = rest.find(mark);
  const std::string_view head = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + mark.size());
  return head;
}

// %XX replaced by the byte. Nothing where a % is not followed by two hexadecimal digits.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());  // no growth: secrets leave no copies behind
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) {
      base::secure_zero(out.data(), out.size());
      return std::nullopt;
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

Result<std::string> decode_part(std::string_view part, std::string_view text) {
  auto decoded = decode(text);
  if (!decoded) return refuse(part, "a % must be followed by two hexadecimal digits");
  return *std::move(decoded);
}

Result<base::WipedText> decode_secret(std::string_view part, std::string_view text) {
  if (text.size() > kMostSecretBytes) return refuse(part, "must have at most 4096 bytes");
  Result<std::string> decoded = decode_part(part, text);
  if (!decoded) return decoded.error();
  base::WipedText secret{std::string_view(*decoded)};
  base::secure_zero(decoded->data(), decoded->size());
  return secret;
}

template <class N>
std::optional<N> parse_number(std::string_view text, N least, N most) noexcept {
  N value{};
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || stop != end || value < least || value > most) return std::nullopt;
  return value;
}

Result<std::uint32_t> parse_database(std::string_view text) {
  const auto number = parse_number<std::uint32_t>(text, 0, kMostDatabase);
  if (!number) return refuse("database", "must be a number from 0 to 1000000");
  return *number;
}

Result<bool> parse_truth(std::string_view part, std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return refuse(part, "must be true or false");
}

bool is_host_name(std::string_view host) noexcept {
  return !host.empty() && host.size() <= kMostHostBytes && std::ranges::all_of(host, [](char c) {
    const char lower = to_lower(c);
    return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

// A zone (fe80::1%eth0) may follow.
bool is_ipv6(std::string_view host) noexcept {
  const std::string_view address = take_before(host, "%");
  const auto is_part = [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; };
  return address.size() >= 2 && address.size() + host.size() <= kMostHostBytes &&
         std::ranges::count(address, ':') >= 2 && std::ranges::all_of(address, is_part) &&
         (host.empty() || is_host_name(host));
}

bool is_printable(std::string_view name) noexcept {
  return name.size() <= kMostNameBytes &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

// A file or a socket: bytes that a system call takes.
Result<std::string> decode_path(std::string_view part, std::string_view text) {
  Result<std::string> path = decode_part(part, text);
  if (path.ok() && (path->empty() || path->find('\0') != std::string::npos)) {
    return refuse(part, "must be a path, not empty");
  }
  return path;
}

// One parse. Each step takes its part of the URL into `target` and says what is wrong with it.
class UrlParser {
 public:
  Result<Target> parse(std::string_view url) {
    if (url.size() > kMostUrlBytes) return refuse("url", "must have at most 65536 bytes");
    if (auto done = take_scheme(url); !done) return done.error();
    if (url.find('#') != std::string_view::npos) return refuse("url", "a # is written as %23");
    const std::string_view before_query = take_before(url, "?");
    if (auto done = take_place(before_query); !done) return done.error();
    if (auto done = take_options(url); !done) return done.error();
    if (auto done = check_whole(); !done) return done.error();
    return std::move(target_);
  }

 private:
  Result<void> take_scheme(std::string_view& url) {
    std::string scheme(url.substr(0, std::min(url.find("://"), std::size_t{32})));
    std::ranges::transform(scheme, scheme.begin(), to_lower);
    is_unix_ = scheme == "unix";
    target_.tls.enabled = scheme == "rediss";
    if (scheme == "sentinel") target_.topology = Topology::sentinel;
    if (scheme == "redis+cluster") target_.topology = Topology::cluster;
    const bool known = scheme == "redis" || target_.tls.enabled || is_unix_ ||
                       target_.topology != Topology::standalone;
    if (!known || url.size() == scheme.size()) {
      return refuse("scheme",
                    "must be redis://, rediss://, unix://, sentinel:// or "
                    "redis+cluster://");
    }
    url.remove_prefix(scheme.size() + 3);
    return {};
  }

  // [[user]:password@]hosts[/path]
  Result<void> take_place(std::string_view place) {
    const std::size_t slash = std::min(place.find('/'), place.size());
    std::string_view hosts = place.substr(0, slash);
    const std::string_view path = place.substr(slash);
    // The last one: a password may hold an @ that was not quoted.
    if (const std::size_t at = hosts.rfind('@'); at != std::string_view::npos) {
      if (auto done = take_user(hosts.substr(0, at)); !done) return done;
      hosts.remove_prefix(at + 1);
    }
    if (is_unix_) return take_socket(hosts, path);
    if (auto done = take_hosts(hosts); !done) return done;
    return take_path(path);
  }

  Result<void> take_user(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      return refuse("user", "needs a password: user:password@, or :password@ for the default user");
    }
    auto user = decode_secret("user", text.substr(0, colon));
    if (!user) return user.error();
    auto password = decode_secret("password", text.substr(colon + 1));
    if (!password) return password.error();
    if (password->empty() && !user->empty()) return refuse("password", "must not be empty");
    target_.user = *std::move(user);
    target_.password = *std::move(password);
    return {};
  }

  Result<void> take_socket(std::string_view hosts, std::string_view path) {
    if (!hosts.empty()) return refuse("path", "must begin with /, as in unix:///run/redis.sock");
    auto decoded = decode_path("path", path);
    if (!decoded) return decoded.error();
    if (decoded->size() > kMostPathBytes) return refuse("path", "must have at most 107 bytes");
    target_.endpoints = {{.host = {}, .port = 0, .path = *std::move(decoded)}};
    return {};
  }

  Result<void> take_hosts(std::string_view hosts) {
    const bool many = target_.topology != Topology::standalone;
    const std::uint16_t port =
        target_.topology == Topology::sentinel ? kDefaultSentinelPort : kDefaultPort;
    target_.endpoints.clear();
    bool more = true;
    while (more) {  // one turn for each host, at most kMostEndpoints
      more = hosts.find(',') != std::string_view::npos;
      auto endpoint = parse_endpoint(take_before(hosts, ","), port);
      if (!endpoint) return endpoint.error();
      target_.endpoints.push_back(*std::move(endpoint));
      if (more && !many)
        return refuse("host",
                      "must be a single one; several need sentinel:// or "
                      "redis+cluster://");
      if (target_.endpoints.size() > kMostEndpoints) return refuse("host", "at most 1024 of them");
    }
    return {};
  }

  Result<void> take_path(std::string_view path) {
    if (!path.empty()) path.remove_prefix(1);
    if (target_.topology == Topology::sentinel) {
      auto name = decode_part("primary", take_before(path, "/"));
      if (!name) return name.error();
      if (name->empty() || !is_printable(*name)) {
        return refuse("primary", "must be the name of the primary, as in sentinel://host/name");
      }
      target_.primary_name = *std::move(name);
    }
    if (path.empty()) return {};
    return take_database(path);
  }

  Result<void> take_database(std::string_view text) {
    auto database = parse_database(text);
    if (!database) return database.error();
    if (has_database_) return refuse("database", "must be given once, as /n or as db=n");
    has_database_ = true;
    target_.database = *database;
    return {};
  }

  Result<void> take_options(std::string_view query) {
    while (!query.empty()) {  // one turn for each option, of at least one byte each
      std::string_view value = take_before(query, "&");
      const std::string_view name = take_before(value, "=");
      if (auto done = take_option(name, value); !done) return done;
    }
    return {};
  }

  Result<void> take_option(std::string_view name, std::string_view value) {
    if (name == "db") return take_database(value);
    if (name == "protocol") return take_protocol(value);
    if (name == "name") return take_name(value);
    if (name == "tls") return take_truth("tls", value, target_.tls.enabled);
    if (name == "verify") return take_truth("verify", value, target_.tls.verify);
    if (name == "ca_file") return take_file("ca_file", value, target_.tls.ca_file);
    if (name == "cert_file") return take_file("cert_file", value, target_.tls.cert_file);
    if (name == "key_file") return take_file("key_file", value, target_.tls.key_file);
    if (name == "server_name") return take_server_name(value);
    if (name == "sentinel_user") return take_secret("sentinel_user", value, target_.sentinel_user);
    if (name == "sentinel_password") {
      return take_secret("sentinel_password", value, target_.sentinel_password);
    }
    return refuse("option",
                  "must be one of db, protocol, name, tls, verify, ca_file, cert_file, "
                  "key_file, server_name, sentinel_user, sentinel_password");
  }

  Result<void> take_protocol(std::string_view value) {
    const auto number = parse_number<unsigned>(value, 2, 3);
    if (!number) return refuse("protocol", "must be 2 or 3");
    target_.protocol = *number;
    return {};
  }

  Result<void> take_name(std::string_view value) {
    auto name = decode_part("name", value);
    if (!name) return name.error();
    if (!is_printable(*name)) {
      return refuse("name", "must be at most 128 printable characters without blanks");
    }
    target_.client_name = *std::move(name);
    return {};
  }

  Result<void> take_server_name(std::string_view value) {
    if (!is_host_name(value)) return refuse("server_name", "must be the name of a host");
    target_.tls.server_name = value;
    return {};
  }

  static Result<void> take_truth(std::string_view part, std::string_view value, bool& to) {
    auto truth = parse_truth(part, value);
    if (!truth.ok()) return truth.error();
    to = *truth;
    return {};
  }

  static Result<void> take_file(std::string_view part, std::string_view value, std::string& to) {
    auto path = decode_path(part, value);
    if (!path) return path.error();
    to = *std::move(path);
    return {};
  }

  static Result<void> take_secret(std::string_view part, std::string_view value,
                                  base::WipedText& to) {
    auto secret = decode_secret(part, value);
    if (!secret) return secret.error();
    to = *std::move(secret);
    return {};
  }

  // What only the whole shows.
  [[nodiscard]] Result<void> check_whole() const {
    const Tls& tls = target_.tls;
    if (tls.cert_file.empty() != tls.key_file.empty()) {
      return refuse("cert_file", "is given together with key_file");
    }
    if (!tls.enabled &&
        !(tls.ca_file.empty() && tls.cert_file.empty() && tls.verify && tls.server_name.empty())) {
      return refuse("tls", "must be on (rediss:// or tls=true) where its options are given");
    }
    if (tls.enabled && is_unix_) return refuse("tls", "must be off for a unix socket");
    if (target_.topology == Topology::cluster && target_.database != 0) {
      return refuse("database", "must be 0 in a cluster");
    }
    if (target_.topology != Topology::sentinel &&
        !(target_.sentinel_user.empty() && target_.sentinel_password.empty())) {
      return refuse("sentinel_password", "needs sentinel://");
    }
    return {};
  }

  Target target_;
  bool is_unix_ = false;
  bool has_database_ = false;
};

}  // namespace

std::string Endpoint::text() const {
  if (is_unix()) return path;
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

std::string Target::text() const {
  constexpr std::size_t kMostShown = 3;
  std::string all;
  for (std::size_t i = 0; i < std::min(endpoints.size(), kMostShown); ++i) {
    if (i > 0) all += ',';
    all += endpoints[i].text();
  }
  if (endpoints.size() > kMostShown) all += ",...";
  return all;
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  constexpr std::string_view kAccepts =
      "must be a name or an address (IPv6 in brackets), and may be followed by :port";
  Endpoint endpoint{.host = {}, .port = default_port, .path = {}};
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return refuse("host", kAccepts);
    auto host = decode(text.substr(1, end - 1));
    if (!host || !is_ipv6(*host)) return refuse("host", kAccepts);
    endpoint.host = *std::move(host);
    port = text.substr(end + 1);
    has_port = !port.empty();
    if (has_port && !port.starts_with(':')) return refuse("host", kAccepts);
    if (has_port) port.remove_prefix(1);
  } else {
    has_port = text.find(':') != std::string_view::npos;
    port = text;
    endpoint.host = take_before(port, ":");
    if (!is_host_name(endpoint.host)) return refuse("host", kAccepts);
  }
  if (has_port) {
    const auto number = parse_number<std::uint16_t>(port, 1, 65'535);
    if (!number) return refuse("port", "must be a number from 1 to 65535");
    endpoint.port = *number;
  }
  return endpoint;
}

Result<Target> parse_url(std::string_view url) { return UrlParser().parse(url); }

}  // namespace larder::redis
