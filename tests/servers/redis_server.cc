// The server's configuration, its start, and the control connection.
#include "servers/redis_server.h"

#include <limits>
#include <sstream>

#include "servers/server_error.h"
#include "servers/url_text.h"

namespace larder::servers {
namespace {

constexpr int kMostPorts = 5;
constexpr int kMostLooks = 3'000;
constexpr std::chrono::milliseconds kLookEvery{10};  // all looks: half a minute
constexpr std::chrono::milliseconds kLookPatience{2'000};

// Debian's redis-check-rdb, of redis-tools, is the server when it runs under the server's name. The
// package of the server's own would start a service of the system.
std::string program() {
  std::string file = find_program("redis-check-rdb");
  return file.empty() ? find_program("redis-server") : file;
}

std::string name_of(RedisRole role) {
  return role == RedisRole::server ? "redis-server" : "redis-sentinel";
}

std::string find_reason() {
  const std::string file = program();
  if (file.empty()) return "no redis-check-rdb or redis-server here (package redis-tools)";
  const RunResult version =
      run_program({.file = file, .arguments = {name_of(RedisRole::server), "--version"}});
  if (version.output.find("Redis server v=") == std::string::npos) {
    return file + " is no server: " + version.output;
  }
  return {};
}

}  // namespace

const std::string& missing_redis() {
  static const std::string reason = find_reason();
  return reason;
}

RedisServer::RedisServer(RedisServerOptions options) : options_(std::move(options)) {
  if (!missing_redis().empty()) throw ServerError(missing_redis());
  if (options_.shifts_time && !options_.time) options_.time = std::make_shared<TimeShift>();
  if (options_.tls) tls_.emplace();
  for (const auto& [name, content] : options_.files) write_file(folder_.file(name), content);
  const bool any_port = !options_.port;
  for (int i = 0; i < (any_port ? kMostPorts : 1); ++i) {
    if (any_port) options_.port = std::make_shared<PortLease>();
    write_config();
    launch();
    if (becomes_ready()) return;
    if (log().find("Address already in use") == std::string::npos) break;
  }
  throw ServerError("the server does not start: " + log());
}

RedisServer::~RedisServer() = default;

std::string RedisServer::url() const {
  std::string url = options_.tls ? "rediss://" : "redis://";
  url += url_login(options_.password) + "127.0.0.1:" + std::to_string(port());
  if (tls_) {
    url += "?ca_file=" + tls_->ca_file();
    if (options_.tls_clients) {
      url += "&cert_file=" + tls_->client_cert_file() + "&key_file=" + tls_->client_key_file();
    }
  }
  return url;
}

std::string RedisServer::unix_url() const {
  return "unix://" + url_login(options_.password) + unix_path();
}

std::shared_ptr<ShiftedClock> RedisServer::clock() const {
  if (!options_.time) throw ServerError("this server lives in the system's time");
  return std::make_shared<ShiftedClock>(options_.time);
}

void RedisServer::advance(std::chrono::nanoseconds span) const {
  if (!options_.time) throw ServerError("this server lives in the system's time");
  options_.time->advance(span);
}

void RedisServer::write_config() const {
  std::ostringstream text;
  text << "bind 127.0.0.1\nprotected-mode no\ndaemonize no\nloglevel notice\n"
       << "dir " << config_text(folder_.path()) << "\nunixsocket " << config_text(unix_path())
       << "\n"
       << (options_.tls ? "port 0\ntls-port " : "port ") << port() << "\n";
  if (options_.role == RedisRole::server) {
    text << "save \"\"\nappendonly no\nenable-debug-command yes\n";
    // Or each move would be a silence of the other side, and end the replication's connections.
    if (options_.time) text << "repl-timeout " << std::numeric_limits<int>::max() << "\n";
  }
  if (!options_.password.empty()) text << "requirepass " << config_text(options_.password) << "\n";
  if (tls_) {
    text << "tls-cert-file " << tls_->server_cert_file() << "\n"
         << "tls-key-file " << tls_->server_key_file() << "\n"
         << "tls-ca-cert-file " << tls_->ca_file() << "\n"
         << "tls-auth-clients " << (options_.tls_clients ? "yes" : "no") << "\n";
  }
  if (!options_.maxmemory.empty()) text << "maxmemory " << options_.maxmemory << "\n";
  if (!options_.maxmemory_policy.empty()) {
    text << "maxmemory-policy " << options_.maxmemory_policy << "\n";
  }
  for (const std::string& line : options_.lines) text << line << "\n";
  write_file(folder_.file("redis.conf"), text.str());
}

void RedisServer::launch() {
  write_file(folder_.file("log"), "");
  ProgramCall call{.file = program(),
                   .arguments = {name_of(options_.role), folder_.file("redis.conf")},
                   .folder = folder_.path(),
                   .output_file = folder_.file("log")};
  if (options_.time) {
    call.environment.push_back(options_.time->preload_variable());
    call.environment.push_back(options_.time->file_variable());
  }
  control_.reset();
  process_.emplace(call);
}

bool RedisServer::becomes_ready() {
  for (int i = 0; i < kMostLooks; ++i) {
    if (answers()) return true;
    if (process_->wait(kLookEvery)) break;  // it has ended
  }
  process_.reset();
  return false;
}

bool RedisServer::answers() const {
  try {
    return connect(kLookPatience).call({"PING"}).to_string() == "PONG";
  } catch (const ServerError&) {
    return false;
  }
}

void RedisServer::stop() {
  if (process_) process_->terminate();
  process_.reset();
  control_.reset();
}

void RedisServer::kill9() {
  process_.reset();
  control_.reset();
}

void RedisServer::start() {
  if (process_) return;
  launch();
  if (!becomes_ready()) throw ServerError("the server does not start again: " + log());
}

void RedisServer::pause() { process_.value().pause(); }

void RedisServer::resume() { process_.value().resume(); }

Reply RedisServer::call(std::span<const std::string> arguments) {
  if (!control_) control_ = connect();
  try {
    return control_->call(arguments);
  } catch (const ServerError&) {
    control_.reset();  // the next call takes a fresh one
    throw;
  }
}

std::string RedisServer::command(std::initializer_list<std::string> arguments) {
  const Reply reply = call(arguments);
  if (reply.is_error()) throw ServerError(*arguments.begin() + ": " + reply.text);
  return reply.to_string();
}

std::string RedisServer::info(const std::string& field) {
  std::istringstream lines(command({"INFO", "everything"}));
  for (std::string line; std::getline(lines, line);) {  // bound: the lines of INFO
    if (line.ends_with('\r')) line.pop_back();
    if (line.starts_with(field + ":")) return line.substr(field.size() + 1);
  }
  return {};
}

RespClient RedisServer::connect(std::chrono::milliseconds patience) const {
  RespClient client = RespClient::to_socket(unix_path(), patience);
  if (options_.password.empty()) return client;
  const Reply reply = client.call({"AUTH", options_.password});
  if (reply.is_error()) throw ServerError("AUTH: " + reply.text);
  return client;
}

std::string RedisServer::log() const { return read_file(folder_.file("log")); }

}  // namespace larder::servers
