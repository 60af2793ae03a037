// RedisConnection: one Link with its stream, timer and queue. RedisClient owns a few.
//
// Thread safety: send(), collect() and trouble() from any thread at any time; everything else on
// the loop's thread, or while nothing runs the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "engine/redis_client.h"
#include "larder/clock.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"
#include "redis/link.h"
#include "sync/mutex.h"

namespace larder::engine {

// All that happens on the loop's thread happens in turns: an input of the Link with the callbacks
// that it causes, then what waits in `pending_`, then one write. So requests that meet in the
// queue, and those that callbacks send, leave together.
class RedisConnection final : net::StreamOwner, redis::LinkListener {
 public:
  RedisConnection(net::Loop& loop, const RedisClientOptions& options, std::size_t index,
                  std::shared_ptr<const Clock> clock, std::shared_ptr<const net::TlsContext> tls);
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  void send(redis::Request& request) noexcept;
  // Adds this connection's counts.
  void collect(RedisClientStats& stats) const;
  // Why it is not ready; empty: it is.
  [[nodiscard]] std::string trouble() const;

  void start();
  void close() noexcept;

 private:
  // Continuations of callbacks that a turn runs itself; the others go to their scheduler.
  static constexpr std::size_t kContinuationsPerTurn = 128;

  void on_open() noexcept override;
  void on_received(std::size_t size) noexcept override;
  void on_sent(std::size_t size) noexcept override;
  void on_failed(const Error& reason) noexcept override;

  void on_ready() noexcept override;
  void on_lost(const Error& cause) noexcept override;
  void on_push(const resp::Value& push) noexcept override;

  template <class Input>
  void turn(const Input& input) noexcept;
  [[nodiscard]] redis::Instant now() const noexcept;
  [[nodiscard]] bool is_full_locked(std::size_t bytes) const noexcept LARDER_REQUIRES(mutex_);
  void take_pending(redis::Instant now) noexcept;
  void follow(redis::Instant now) noexcept;
  void publish() noexcept;
  void set_timer(redis::Instant now) noexcept;
  void set_trouble(std::string words) noexcept;

  // constant after construction
  net::Loop& loop_;
  const RedisClientOptions& options_;
  const std::size_t index_;
  const std::shared_ptr<const Clock> clock_;
  const bool is_system_clock_;
  const std::shared_ptr<const net::TlsContext> tls_;

  // the loop's thread's
  redis::Link link_;
  net::Stream stream_;
  net::Timer timer_;
  std::int64_t timer_ns_ = std::numeric_limits<std::int64_t>::max();  // when it calls; max(): never
  std::uint64_t opened_ = 0;  // the attempt that the stream belongs to
  bool is_open_ = false;      // the stream has said so
  bool is_sending_ = false;   // the stream has bytes of the Link

  mutable sync::Mutex mutex_{sync::Rank::kConnection};
  // guarded by mutex_
  redis::RequestList pending_ LARDER_GUARDED_BY(mutex_);  // bounded by requests_
  bool is_woken_ LARDER_GUARDED_BY(mutex_) = false;       // a turn is on its way
  bool is_closed_ LARDER_GUARDED_BY(mutex_) = false;
  std::size_t requests_ LARDER_GUARDED_BY(mutex_) = 0;  // sent and not ended, as of the last turn
  std::size_t bytes_ LARDER_GUARDED_BY(mutex_) = 0;     // of their commands
  std::uint64_t accepted_ LARDER_GUARDED_BY(mutex_) = 0;
  std::uint64_t overloaded_ LARDER_GUARDED_BY(mutex_) = 0;
  redis::LinkCounters counters_ LARDER_GUARDED_BY(mutex_);  // as of the last turn
  unsigned protocol_ LARDER_GUARDED_BY(mutex_) = 0;         // of the last greeting
  std::string trouble_ LARDER_GUARDED_BY(mutex_) = "it has not been started";
};

}  // namespace larder::engine
