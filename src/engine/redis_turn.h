// RedisTurn: one operation on its way through the Redis engine: where its flow (a coroutine of the
// engine's own) waits for round trips, and how its caller leaves it.
//
// Thread safety: run() and ask() belong to the flow; leave() may be called from any thread at any
// time.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/atomic.h"
#include "engine/loader_threads.h"
#include "engine/redis_call.h"
#include "engine/redis_client.h"
#include "engine/scheduler.h"
#include "larder/clock.h"
#include "larder/operation.h"
#include "larder/task.h"

namespace larder::engine {

// What a turn needs of its cache. The owner keeps all of it alive.
struct RedisTurnSetup {
  RedisClient& client;
  const Clock& clock;         // of the cache: the context's deadline is on it
  const Clock& client_clock;  // of the client
  Scheduler& scheduler;
  LoaderThreads& loaders;
  std::chrono::nanoseconds timeout;  // of callers without a deadline
  std::shared_ptr<void> owner;
};

// Where a caller's thread may wait (Operation::may_wait) the whole flow runs on it, user code
// included, and it keeps the context's bounds itself. Elsewhere the flow is suspended and goes on
// on a loader thread, where user code may take its time.
//
// States of a flow that may be suspended, and transitions:
//   running --ask()--> suspended --round trip ends--> running
//   suspended --leave()--> left           the flow never goes on, the operation is not touched
//   running --leave()--> unwanted         too late for now: the flow ends instead of waiting again
//   running, unwanted --end--> handed     to what follows the flow, if anything does
// Whoever moves it out of `suspended` owns the frame. All are acquire and release: the flow sees
// what it did on another thread before.
class RedisTurn final : public RedisContinuation, public std::enable_shared_from_this<RedisTurn> {
 public:
  RedisTurn(Operation& op, RedisTurnSetup setup);
  ~RedisTurn();
  RedisTurn(const RedisTurn&) = delete;
  RedisTurn& operator=(const RedisTurn&) = delete;

  // What follows a flow, and carries out the rest of its operation.
  struct Sequel {
    std::function<Progress()> start;
    std::function<bool()> leave;  // once start() has answered `pending`; as Engine::leave
  };

  // Runs `flow` as far as it goes, and what follows it. Done: to its end.
  Progress run(Task<void> flow, Sequel sequel = {});
  // As Engine::leave. A write that may have happened is told as such.
  bool leave() noexcept;

  class RoundTrip;
  // `co_await turn.ask(call)`: sends the call, and goes on once it has ended or the context has.
  // The error of the way, if there is one; error replies are not looked at. `writes`: the operation
  // may have an effect from here on. Nothing is sent for a context that has ended.
  RoundTrip ask(RedisCall::Ptr& call, bool writes);

  class Pause;
  // `co_await turn.pause(span)`: goes on after that much real time, or when the context's stop
  // token fires (a suspended flow: at the end of the span).
  Pause pause(std::chrono::nanoseconds span) noexcept;

  // For awaitables of others: suspends `flow`; the result, called once, lets it go on. Empty: the
  // caller wants to leave, and the flow goes on at once.
  std::function<void()> suspended(std::coroutine_handle<> flow);

  [[nodiscard]] bool may_wait() const noexcept { return may_wait_; }
  [[nodiscard]] const RedisTurnSetup& setup() const noexcept { return setup_; }

 private:
  enum class State : std::uint8_t { running, suspended, left, unwanted, handed };
  enum class Phase : std::uint8_t { starting, pending, ended };
  struct Root;

  static Root drive(RedisTurn* turn, Task<void> flow);
  void send(RedisCall& call) noexcept;
  void wait(RedisCall& call) noexcept;
  std::optional<Error> ended_early(RedisCall& call) const;
  Error reason_to_end() const;
  // False: the caller wants to leave.
  bool suspend(std::coroutine_handle<> flow) noexcept;
  bool resume() noexcept;
  void end() noexcept;
  void on_round_trip() noexcept override;

  // constant after construction
  Operation& op_;
  const RedisTurnSetup setup_;
  const bool may_wait_;
  // the flow's
  Sequel sequel_;
  std::coroutine_handle<> root_;
  std::coroutine_handle<> suspended_;
  // atomics
  base::Atomic<bool> writes_{false};            // role: whether leaving is too late to be harmless
  base::Atomic<State> state_{State::running};   // role: see the class
  base::Atomic<Phase> phase_{Phase::starting};  // role: who tells the caller of the end
};

class RedisTurn::RoundTrip {
 public:
  RoundTrip(RedisTurn& turn, RedisCall::Ptr& call) noexcept : turn_(turn), call_(call) {}

  bool await_ready();
  bool await_suspend(std::coroutine_handle<> flow) noexcept;
  std::optional<Error> await_resume();

 private:
  RedisTurn& turn_;
  RedisCall::Ptr& call_;
  bool is_refused_ = false;  // not sent: the caller has left, or wants to
};

class RedisTurn::Pause {
 public:
  Pause(RedisTurn& turn, std::chrono::nanoseconds span) noexcept : turn_(turn), span_(span) {}

  bool await_ready();
  bool await_suspend(std::coroutine_handle<> flow);
  void await_resume() const noexcept {}

 private:
  RedisTurn& turn_;
  const std::chrono::nanoseconds span_;
};

}  // namespace larder::engine
