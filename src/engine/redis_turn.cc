// Waiting for round trips on a thread or as a suspended flow.
// Thread safety: see redis_turn.h.
#include "engine/redis_turn.h"

#include <algorithm>
#include <exception>
#include <stop_token>
#include <utility>

#include "engine/retry.h"
#include "engine/trampoline.h"
#include "flight/load_chain.h"

namespace larder::engine {

// The outermost coroutine of a turn. Its frame goes with the turn.
struct RedisTurn::Root {
  struct promise_type {
    Root get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }  // flows answer with errors
  };
  std::coroutine_handle<promise_type> handle;
};

RedisTurn::RedisTurn(Operation& op, RedisTurnSetup setup)
    : op_(op), setup_(std::move(setup)), may_wait_(op.may_wait) {}

RedisTurn::~RedisTurn() {
  if (root_) root_.destroy();
}

// The turn is alive while its frame runs: whoever resumes it holds a share.
RedisTurn::Root RedisTurn::drive(RedisTurn* turn, Task<void> flow) {
  co_await std::move(flow);
  turn->end();
}

Progress RedisTurn::run(Task<void> flow, Sequel sequel) {
  sequel_ = std::move(sequel);
  root_ = drive(this, std::move(flow)).handle;
  root_.resume();
  // Pairs with end().
  const Phase before = phase_.exchange_acq_rel(Phase::pending);
  return before == Phase::ended ? Progress::done : Progress::pending;
}

void RedisTurn::end() noexcept {
  if (sequel_.start && !op_.error && sequel_.start() == Progress::pending) {
    // The operation may be gone; pairs with leave().
    if (state_.exchange_acq_rel(State::handed) != State::unwanted || !sequel_.leave()) return;
    op_.error = reason_to_end().with_effect(Effect::no);
    const Trampoline::Scope scope;
    op_.complete();
    return;
  }
  // Pairs with run(): whoever comes second tells the caller.
  if (phase_.exchange_acq_rel(Phase::ended) != Phase::pending) return;
  const Trampoline::Scope scope;
  op_.complete();
}

bool RedisTurn::leave() noexcept {
  State expected = State::suspended;
  while (!state_.cas_strong_acq_rel(expected, State::left)) {  // pairs with suspend(), resume()
    if (expected == State::handed) return sequel_.leave();
    if (expected == State::left || expected == State::unwanted) return false;
    // Pairs with suspend() and end().
    if (expected == State::running && state_.cas_strong_acq_rel(expected, State::unwanted)) {
      return false;
    }
    expected = State::suspended;
  }
  if (writes_.load_relaxed() && !op_.error) {
    op_.error = Error(Errc::outcome_unknown, "the caller left before the server's answer came",
                      Effect::unknown);
  }
  return true;
}

RedisTurn::RoundTrip RedisTurn::ask(RedisCall::Ptr& call, bool writes) {
  if (writes) writes_.store_relaxed(true);
  return RoundTrip(*this, call);
}

void RedisTurn::send(RedisCall& call) noexcept {
  const std::int64_t now_ns = setup_.client_clock.now_ns();
  std::int64_t left_ns = setup_.timeout.count();
  if (op_.context.deadline_ns) {
    left_ns = std::min(left_ns, *op_.context.deadline_ns - setup_.clock.now_ns());
  }
  call.deadline_ns = now_ns + std::max<std::int64_t>(left_ns, 0);
  setup_.client.send(call);
}

void RedisTurn::wait(RedisCall& call) noexcept {
  send(call);
  Trampoline::flush();  // this thread blocks: what waits for it must not
  const std::stop_callback on_stop(op_.context.stop, [&call]() noexcept { call.over.set(); });
  const std::int64_t now_ns = setup_.clock.now_ns();
  const std::int64_t limit_ns = now_ns + setup_.timeout.count();
  call.over.wait_until(std::min(op_.context.deadline_ns.value_or(limit_ns), limit_ns),
                       setup_.clock);
}

std::optional<Error> RedisTurn::ended_early(RedisCall& call) const {
  if (call.has_ended()) return call.error();
  const Error reason = reason_to_end();
  return call.withdraw() ? reason.with_effect(Effect::no) : reason;
}

Error RedisTurn::reason_to_end() const {
  const Errc reason = op_.context.stop.stop_requested() ? Errc::cancelled : Errc::deadline_exceeded;
  return Error(reason, "the server's answer did not come in time", Effect::unknown);
}

// The frame may go on, and end, on another thread before this returns.
bool RedisTurn::suspend(std::coroutine_handle<> flow) noexcept {
  suspended_ = flow;
  State expected = State::running;
  return state_.cas_strong_acq_rel(expected, State::suspended);  // pairs with resume() and leave()
}

bool RedisTurn::resume() noexcept {
  State expected = State::suspended;
  // Pairs with suspend() and leave().
  if (!state_.cas_strong_acq_rel(expected, State::running)) return false;
  suspended_.resume();
  return true;
}

// What follows may be user code: codecs, hooks, the caller itself. It never runs on a connection's
// thread, which it might wait for.
void RedisTurn::on_round_trip() noexcept {
  setup_.loaders.post([turn = shared_from_this()] { turn->resume(); });
}

bool RedisTurn::RoundTrip::await_ready() {
  is_refused_ = ended_between(turn_.op_, turn_.setup_.clock).has_value();
  if (turn_.may_wait_ && !is_refused_) turn_.wait(*call_);
  return turn_.may_wait_ || is_refused_;
}

bool RedisTurn::RoundTrip::await_suspend(std::coroutine_handle<> flow) noexcept {
  RedisTurn& turn = turn_;
  RedisCall& call = *call_;
  call.continuation = turn.shared_from_this();
  call.share();  // the frame, and with it call_, may be gone when send() returns
  is_refused_ = !turn.suspend(flow);
  const bool is_sent = !is_refused_;
  if (is_sent) {
    turn.send(call);
  } else {
    call.continuation = nullptr;
  }
  call.unshare();
  return is_sent;
}

std::optional<Error> RedisTurn::RoundTrip::await_resume() {
  if (is_refused_) return turn_.reason_to_end().with_effect(Effect::no);
  return turn_.ended_early(*call_);
}

RedisTurn::Pause RedisTurn::pause(std::chrono::nanoseconds span) noexcept {
  return Pause(*this, span);
}

std::function<void()> RedisTurn::suspended(std::coroutine_handle<> flow) {
  if (!suspend(flow)) return nullptr;
  return [turn = shared_from_this()] { turn->resume(); };
}

bool RedisTurn::Pause::await_ready() {
  if (!turn_.may_wait_) return false;
  Trampoline::flush();
  sync::Event stopped;
  const std::stop_callback on_stop(turn_.op_.context.stop, [&]() noexcept { stopped.set(); });
  const Clock& clock = turn_.setup_.client_clock;
  stopped.wait_until(clock.now_ns() + span_.count(), clock);
  return true;
}

bool RedisTurn::Pause::await_suspend(std::coroutine_handle<> flow) {
  const Clock& clock = turn_.setup_.client_clock;
  Scheduler& scheduler = turn_.setup_.scheduler;
  const std::int64_t end_ns = clock.now_ns() + span_.count();
  auto resume = turn_.suspended(flow);
  if (!resume) return false;
  scheduler.schedule(end_ns, clock, std::move(resume));
  return true;
}

}  // namespace larder::engine
