// The client's life: its options, its thread, its end.
//
// Thread safety: as in the header.
#include "engine/redis_client.h"

#include <algorithm>
#include <exception>
#include <pthread.h>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/secure.h"
#include "engine/redis_connection.h"
#include "larder/options.h"
#include "net/loop.h"
#include "net/tls.h"
#include "sync/event.h"
#include "sync/mutex.h"
#include "sync/thread_slot.h"

namespace larder::engine {
namespace {

constinit thread_local const void* t_loop = nullptr;  // the Core whose loop this thread runs

using std::chrono::nanoseconds;

void check_span(std::vector<std::string>& problems, std::string_view name, nanoseconds value,
                nanoseconds least, nanoseconds most, std::string_view range) {
  if (value >= least && value <= most) return;
  problems.push_back(std::string(name) + " must be " + std::string(range));
}

void check_count(std::vector<std::string>& problems, std::string_view name, std::size_t value,
                 std::size_t most) {
  if (value >= 1 && value <= most) return;
  problems.push_back(std::string(name) + " must be from 1 to " + std::to_string(most));
}

bool is_name(std::string_view name) noexcept {
  return name.size() <= 128 && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 127; });
}

Result<std::shared_ptr<const net::TlsContext>> make_tls(const redis::Tls& tls) {
  if (!tls.enabled) return std::shared_ptr<const net::TlsContext>();
  return net::TlsContext::create({.verify = tls.verify,
                                  .ca_file = tls.ca_file,
                                  .cert_file = tls.cert_file,
                                  .key_file = tls.key_file,
                                  .server_name = tls.server_name});
}

}  // namespace

std::vector<std::string> RedisClientOptions::problems() const {
  using namespace std::chrono_literals;
  std::vector<std::string> all;
  if (target.endpoints.empty()) all.push_back("target.endpoints must not be empty");
  if (target.topology != redis::Topology::standalone) {
    all.push_back("target must be one server: redis://, rediss:// or unix://");
  }
  if (target.protocol != 2 && target.protocol != 3) all.push_back("target.protocol must be 2 or 3");
  check_count(all, "connections", connections, 64);
  check_span(all, "connect_timeout", connect_timeout, 1ms, 10min, "from 1 ms to 10 min");
  check_span(all, "backoff_first", backoff_first, 1ms, 1h, "from 1 ms to 1 h");
  check_span(all, "backoff_most", backoff_most, backoff_first, 1h, "from backoff_first to 1 h");
  check_span(all, "silence_limit", silence_limit, 1ms, 1h, "from 1 ms to 1 h");
  check_span(all, "idle_limit", idle_limit, 1ms, 1h, "from 1 ms to 1 h");
  check_count(all, "max_requests", max_requests, std::size_t{1} << 24);
  check_count(all, "max_bytes", max_bytes, std::size_t{1} << 34);
  if (!is_name(client_name) || !is_name(target.client_name)) {
    all.push_back("client_name must be at most 128 printable characters without blanks");
  }
  return all;
}

// What the client and its thread share. The thread ends after stop(); whoever lets go last takes
// everything down, a name that is still being resolved included.
struct RedisClient::Core : std::enable_shared_from_this<Core> {
  enum class State : std::uint8_t { kMade, kStarted, kClosed };

  Core(RedisClientOptions with, const std::shared_ptr<const Clock>& clock,
       const std::shared_ptr<const net::TlsContext>& tls)
      : options(std::move(with)), name(options.target.text()) {
    for (std::size_t i = 0; i < options.connections; ++i) {
      connections.push_back(std::make_unique<RedisConnection>(loop, options, i, clock, tls));
    }
  }

  void start() {
    sync::MutexLock lock(mutex);
    if (state != State::kMade) return;
    state = State::kStarted;
    loop.post([this] {
      for (const auto& connection : connections) connection->start();
    });
    base::clear_registers();  // the thread begins with them
    thread = std::thread([self = shared_from_this()] { self->run(); });
  }

  void run() {
    t_loop = this;
    pthread_setname_np(pthread_self(), "larder-redis");
    loop.run();
    t_loop = nullptr;
  }

  void finish() noexcept {
    for (const auto& connection : connections) connection->close();
    is_resolving = loop.is_resolving();
    loop.stop();
    finished.set();
  }

  void close() noexcept {
    State before{};
    std::thread ending;
    {
      sync::MutexLock lock(mutex);
      before = std::exchange(state, State::kClosed);
      ending = std::move(thread);
    }
    if (before == State::kMade) return finish();
    if (before == State::kStarted) loop.post([this] { finish(); });
    if (t_loop == this) {
      if (ending.joinable()) ending.detach();  // it ends after the turn that it is in
      return;
    }
    finished.wait();
    if (!ending.joinable()) return;
    is_resolving ? ending.detach() : ending.join();
  }

  // constant after construction
  const RedisClientOptions options;
  const std::string name;
  net::Loop loop;  // own synchronisation
  std::vector<std::unique_ptr<RedisConnection>> connections;

  bool is_resolving = false;  // written before `finished` is set, read after
  sync::Event finished;       // own synchronisation: no callback runs any more
  sync::Mutex mutex{sync::Rank::kEngine};
  // guarded by mutex
  State state LARDER_GUARDED_BY(mutex) = State::kMade;
  std::thread thread LARDER_GUARDED_BY(mutex);
};

Result<std::shared_ptr<RedisClient>> RedisClient::create(RedisClientOptions options,
                                                         std::shared_ptr<const Clock> clock) {
  if (auto checked = check_config(options.problems()); !checked) return checked.error();
  auto tls = make_tls(options.target.tls);
  if (!tls) return tls.error();
  try {
    auto core = std::make_shared<Core>(std::move(options), clock, *tls);
    return std::shared_ptr<RedisClient>(new RedisClient(std::move(core)));
  } catch (const std::exception& fault) {  // no descriptor is left for the loop
    return Error(Errc::unavailable, std::string("no event loop can be made: ") + fault.what());
  }
}

RedisClient::RedisClient(std::shared_ptr<Core> core) noexcept : core_(std::move(core)) {}

RedisClient::~RedisClient() { close(); }

void RedisClient::start() { core_->start(); }

void RedisClient::close() noexcept { core_->close(); }

void RedisClient::send(redis::Request& request) noexcept { send_on(own_index(), request); }

void RedisClient::send_on(std::size_t index, redis::Request& request) noexcept {
  CHECK_LT(index, core_->connections.size());
  core_->connections[index]->send(request);
}

std::size_t RedisClient::own_index() const noexcept {
  return sync::thread_slot() % core_->connections.size();
}

RedisClientStats RedisClient::stats() const {
  RedisClientStats stats;
  for (const auto& connection : core_->connections) connection->collect(stats);
  return stats;
}

Health RedisClient::health() const {
  Health health;
  for (const auto& connection : core_->connections) {
    std::string trouble = connection->trouble();
    if (trouble.empty()) continue;
    trouble = core_->name + ": " + trouble;
    if (!std::ranges::count(health.reasons, trouble)) health.reasons.push_back(std::move(trouble));
  }
  const RedisClientStats now = stats();
  if (now.connections_ready < now.connections) health.state = Health::State::degraded;
  if (now.connections_ready == 0) health.state = Health::State::down;
  if (now.replies > 0) health.latency = now.latency;
  return health;
}

const std::string& RedisClient::name() const noexcept { return core_->name; }

}  // namespace larder::engine
