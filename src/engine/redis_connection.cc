// The turns of a connection: time and bytes go in, the state that the Link is in is followed.
//
// Thread safety: as in the header.
#include "engine/redis_connection.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/hash.h"
#include "engine/trampoline.h"
#include "sync/nap.h"

namespace larder::engine {
namespace {

// The connection whose input this thread is in: it looks at its queue at the end of the turn.
constinit thread_local const RedisConnection* t_turn = nullptr;

redis::LinkOptions link_options(const RedisClientOptions& options, std::size_t index) {
  const redis::Target& target = options.target;
  redis::LinkOptions link;
  link.greeting.user = target.user;
  link.greeting.password = target.password;
  link.greeting.database = target.database;
  link.greeting.protocol = target.protocol;
  link.greeting.client_name = target.client_name.empty() ? options.client_name : target.client_name;
  link.server = target.text();
  link.connect_timeout_ns = options.connect_timeout.count();
  link.backoff_first_ns = options.backoff_first.count();
  link.backoff_most_ns = options.backoff_most.count();
  link.silence_limit_ns = options.silence_limit.count();
  link.idle_limit_ns = options.idle_limit.count();
  link.max_in_flight = options.max_requests;
  link.secure_wipe = options.secure_wipe;
  link.seed = base::mix64(options.seed.value_or(base::process_seed()) + index);
  return link;
}

}  // namespace

RedisConnection::RedisConnection(net::Loop& loop, const RedisClientOptions& options,
                                 std::size_t index, std::shared_ptr<const Clock> clock,
                                 std::shared_ptr<const net::TlsContext> tls)
    : loop_(loop),
      options_(options),
      index_(index),
      clock_(std::move(clock)),
      is_system_clock_(clock_ == default_clock()),
      tls_(std::move(tls)),
      link_(link_options(options, index), *this),
      stream_(loop, *this),
      timer_(loop, [this] {
        timer_ns_ = redis::Link::kNever;
        turn([](redis::Instant) {});
      }) {}

// ---- any thread

void RedisConnection::send(redis::Request& request) noexcept {
  const std::size_t bytes = request.wire.size();
  bool wake = false;
  std::optional<Error> refusal;
  request.mark_sent();
  {
    sync::MutexLock lock(mutex_);
    if (is_closed_) {
      refusal = Error(Errc::closed, "the client of Redis is closed");
    } else if (options_.on_overload == OnOverload::reject && is_full_locked(bytes)) {
      ++overloaded_;
      refusal = Error(Errc::overloaded,
                      "the queue of requests to " + options_.target.text() + " is full");
    } else {
      request.share();
      pending_.push(request);
      ++requests_;
      ++accepted_;
      bytes_ += bytes;
      wake = t_turn != this && !std::exchange(is_woken_, true);
    }
  }
  if (refusal) return request.on_end(std::move(refusal));
  if (wake) loop_.post([this] { turn([](redis::Instant) {}); });
}

bool RedisConnection::is_full_locked(std::size_t bytes) const noexcept {
  return requests_ >= options_.max_requests ||
         (requests_ > 0 && bytes > options_.max_bytes - std::min(bytes_, options_.max_bytes));
}

void RedisConnection::collect(RedisClientStats& stats) const {
  sync::MutexLock lock(mutex_);
  ++stats.connections;
  stats.connections_ready += trouble_.empty() ? 1 : 0;
  stats.queued += counters_.queued + pending_.count();
  stats.in_flight += counters_.in_flight;
  stats.latency = std::max(stats.latency, std::chrono::nanoseconds(counters_.latency_ns));
  stats.protocol = std::max(stats.protocol, protocol_);
  stats.requests += accepted_;
  stats.replies += counters_.replies;
  stats.pushes += counters_.pushes;
  stats.writes += counters_.writes;
  stats.reads += counters_.reads;
  stats.bytes_written += counters_.bytes_written;
  stats.bytes_read += counters_.bytes_read;
  stats.largest_write = std::max(stats.largest_write, counters_.largest_write);
  stats.connects += counters_.connects;
  stats.failed_connects += counters_.failed_connects;
  stats.losses += counters_.losses;
  stats.overloaded += overloaded_;
  stats.expired += counters_.expired;
  stats.unavailable += counters_.unavailable;
}

std::string RedisConnection::trouble() const {
  sync::MutexLock lock(mutex_);
  return trouble_;
}

void RedisConnection::set_trouble(std::string words) noexcept {
  sync::MutexLock lock(mutex_);
  if (words.empty()) protocol_ = link_.protocol();
  trouble_ = std::move(words);
}

// ---- the loop's thread

void RedisConnection::start() {
  set_trouble("it is being connected for the first time");
  turn([this](redis::Instant now) { link_.start(now); });
}

void RedisConnection::close() noexcept {
  {
    sync::MutexLock lock(mutex_);
    is_closed_ = true;
    trouble_ = "it is closed";
  }
  turn([this](redis::Instant) { link_.close(); });
  timer_.cancel();
}

redis::Instant RedisConnection::now() const noexcept {
  const std::int64_t steady_ns = base::steady_now_ns();
  return {steady_ns, is_system_clock_ ? steady_ns : clock_->now_ns()};
}

// Continuations run before the queue is looked at: what they send leaves with this turn's write.
template <class Input>
void RedisConnection::turn(const Input& input) noexcept {
  const redis::Instant at = now();
  {
    const Trampoline::Scope scope(kContinuationsPerTurn);
    t_turn = this;
    input(at);
  }
  t_turn = nullptr;
  const Trampoline::Scope scope(kContinuationsPerTurn);
  take_pending(at);
  follow(at);
  publish();
}

void RedisConnection::publish() noexcept {
  const redis::Link::Ended ended = link_.take_ended();
  sync::MutexLock lock(mutex_);
  requests_ -= ended.requests;
  bytes_ -= ended.bytes;
  counters_ = link_.counters();
}

// What callbacks in here send waits for the turn that they wake: each turn ends.
void RedisConnection::take_pending(redis::Instant now) noexcept {
  redis::RequestList taken = [this] {
    sync::MutexLock lock(mutex_);
    is_woken_ = false;
    return pending_.take_all();
  }();
  while (!taken.empty()) link_.submit(taken.pop(), now);
}

// Does to the stream what the state of the Link asks for.
void RedisConnection::follow(redis::Instant now) noexcept {
  link_.tick(now);
  const redis::Link::State state = link_.state();
  const bool wants_stream =
      state >= redis::Link::State::kConnecting && state <= redis::Link::State::kDraining;
  if (!wants_stream || link_.attempt() != opened_) {
    stream_.close();
    is_open_ = is_sending_ = false;
  }
  if (wants_stream && link_.attempt() != opened_) {
    opened_ = link_.attempt();
    const auto& endpoints = options_.target.endpoints;
    const redis::Endpoint& to = endpoints[opened_ % endpoints.size()];
    stream_.open({.host = to.host, .port = to.port, .path = to.path}, tls_, opened_);
  }
  if (is_open_ && !is_sending_) {
    const std::string_view bytes = link_.to_send(now);
    is_sending_ = !bytes.empty();
    if (is_sending_) stream_.send(bytes);
  }
  if (state == redis::Link::State::kClosed) return;
  set_timer(now);
}

// A timer that is set for an earlier time stays: it looks again then.
void RedisConnection::set_timer(redis::Instant now) noexcept {
  constexpr std::int64_t kLeastNapNs = 1'000'000;
  const redis::Instant wake = link_.wake();
  std::int64_t due_ns = wake.steady_ns;
  if (wake.clock_ns != redis::Link::kNever) {
    due_ns = std::min(due_ns, now.steady_ns + sync::next_nap(wake.clock_ns, *clock_).count());
  }
  due_ns = std::max(due_ns, now.steady_ns + kLeastNapNs);
  if (due_ns >= timer_ns_ || due_ns == redis::Link::kNever) return;
  timer_ns_ = due_ns;
  timer_.set(std::chrono::nanoseconds(due_ns - now.steady_ns));
}

void RedisConnection::on_open() noexcept {
  is_open_ = true;
  turn([this](redis::Instant now) { link_.connected(now); });
  if (is_open_) stream_.receive(link_.space());
}

void RedisConnection::on_received(std::size_t size) noexcept {
  const std::uint64_t attempt = opened_;
  turn([this, size](redis::Instant now) { link_.received(size, now); });
  if (is_open_ && attempt == opened_) stream_.receive(link_.space());
}

void RedisConnection::on_sent(std::size_t size) noexcept {
  is_sending_ = false;
  turn([this, size](redis::Instant now) { link_.sent(size, now); });
}

void RedisConnection::on_failed(const Error& reason) noexcept {
  is_open_ = is_sending_ = false;
  turn([this, &reason](redis::Instant now) { link_.failed(reason, now); });
}

void RedisConnection::on_ready() noexcept {
  set_trouble({});
  if (options_.listener != nullptr) options_.listener->on_ready(index_);
}

void RedisConnection::on_lost(const Error& cause) noexcept {
  set_trouble(std::string(cause.message()));
  if (options_.listener != nullptr) options_.listener->on_lost(index_);
}

void RedisConnection::on_push(const resp::Value& push) noexcept {
  if (options_.listener != nullptr) options_.listener->on_push(index_, push);
}

}  // namespace larder::engine
