// The transitions of a suspension, and its ways back to the coroutine.
//
// Thread safety: as in suspension.h.
#include "engine/suspension.h"

#include <new>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "engine/blocking.h"
#include "engine/scheduler.h"
#include "sync/lock_checks.h"

namespace larder::detail {

Suspension::Suspension(std::shared_ptr<CacheCore> core, std::shared_ptr<const Resumer> resumer,
                       Operation& op, std::coroutine_handle<> waiter,
                       std::optional<std::int64_t> floor_end_ns) noexcept
    : core_(std::move(core)),
      resumer_(std::move(resumer)),
      op_(op),
      waiter_(waiter),
      floor_end_ns_(floor_end_ns) {}

void Suspension::arm() {
  const Context& context = op_.context;
  if (context.deadline_ns) {
    // Leaving runs the ends of hooks and middleware: not on the lane that keeps deadlines.
    deadline_ = scheduler().schedule(
        *context.deadline_ns, core_->parts().clock(),
        [held = Resumption(*this), this] { leave(Errc::deadline_exceeded); },
        engine::Scheduler::Lane::work);
  }
  if (context.stop.stop_possible()) on_stop_.emplace(context.stop, OnStop{this});
}

bool Suspension::move(State from, State to) noexcept {
  return state_.cas_strong_acq_rel(from, to);  // pairs with itself on the other parties' threads
}

bool Suspension::commit() noexcept {
  while (true) {  // at most one turn for each of E, D and T, which move on from arming once
    const State state = state_.load_acquire();  // pairs with move()
    switch (state) {
      case State::arming:
        if (move(state, State::waiting)) return true;
        break;
      case State::arming_ended:
        state_.store_release(State::resumed);  // pairs with the loads of D and T
        return false;
      case State::arming_stopped:
        if (move(state, State::leaving)) return commit_left(Errc::cancelled);
        break;
      case State::arming_late:
        if (move(state, State::leaving)) return commit_left(Errc::deadline_exceeded);
        break;
      default:
        CHECK(false && "a suspension is committed once");
    }
  }
}

bool Suspension::commit_left(Errc reason) noexcept {
  const bool left = engine::leave_for(core_->engine(), op_, reason);
  if (!left && move(State::leaving, State::waiting)) return true;
  state_.store_release(State::resumed);  // pairs with the loads of D and T
  return false;
}

void Suspension::complete() noexcept {
  while (true) {                                // at most one turn for each change by S, D, T and X
    const State state = state_.load_acquire();  // pairs with move()
    switch (state) {
      case State::arming:
      case State::arming_stopped:
      case State::arming_late:
        if (move(state, State::arming_ended)) return;
        break;
      case State::waiting:
        if (move(state, State::ended)) return queue(Origin::engine);
        break;
      case State::leaving:
        if (move(state, State::leaving_ended)) return;
        break;
      default:
        CHECK(false && "an engine completes an operation once, and not after leave() said true");
    }
  }
}

void Suspension::leave(Errc reason) noexcept {
  const State while_arming = reason == Errc::cancelled ? State::arming_stopped : State::arming_late;
  if (move(State::arming, while_arming)) return;
  if (!move(State::waiting, State::leaving)) return;
  const bool left = engine::leave_for(core_->engine(), op_, reason);
  if (!left && move(State::leaving, State::waiting)) return;
  state_.store_release(State::ended);  // pairs with run() and abandon()
  queue(Origin::other);
}

void Suspension::abandon() noexcept {
  while (true) {  // waits for another thread that is in the few steps of leave()
    const State state = state_.load_acquire();  // pairs with move()
    switch (state) {
      case State::waiting:
        if (move(state, State::leaving)) return abandon_waiting();
        break;
      case State::ended:
        if (move(state, State::abandoned)) return;
        break;
      case State::leaving:
      case State::leaving_ended:
        std::this_thread::yield();
        break;
      default:
        return;
    }
  }
}

void Suspension::abandon_waiting() noexcept {
  if (!engine::leave_for(core_->engine(), op_, Errc::cancelled)) {
    // The completion runs on another thread and is about to arrive; pairs with complete().
    while (state_.load_acquire() != State::leaving_ended) std::this_thread::yield();
  }
  state_.store_release(State::abandoned);  // pairs with the loads of D and T
  unshare();                               // the engine's: nothing is queued
}

void Suspension::finish() noexcept {
  on_stop_.reset();
  if (deadline_) scheduler().try_cancel(deadline_);
  unshare();
}

void Suspension::delay() noexcept {
  state_.store_release(State::ended);  // pairs with run() and abandon()
  queue(Origin::other);
}

void Suspension::queue(Origin origin) noexcept {
  const Clock& clock = core_->parts().clock();
  if (!floor_end_ns_ || clock.now_ns() >= *floor_end_ns_) return queue_now(origin);
  scheduler().schedule(*floor_end_ns_, clock, [this] { queue_now(Origin::other); });
}

void Suspension::queue_now(Origin origin) noexcept {
  if (resumer_ != nullptr) {
    if (!engine::Scheduler::on_timer_lane()) return call_resumer();
    scheduler().post([this] { call_resumer(); });
  } else if (origin == Origin::engine || engine::Scheduler::on_timer_lane()) {
    engine::Trampoline::enqueue(*this);
  } else {
    // Who requests a stop may hold locks of its own: no coroutine runs inside.
    scheduler().post([this] { resume(); });
  }
}

// CALLBACK: the resumer is user code. What it throws means that it did not take the resumption.
void Suspension::call_resumer() noexcept {
  sync::assert_no_locks_held();
  try {
    (*resumer_)(Resumption(*this));
    unshare();
  } catch (...) {
    scheduler().post([this] { resume(); });
  }
}

void Suspension::run() noexcept {
  if (move(State::ended, State::resumed)) waiter_.resume();
}

void Suspension::resume() noexcept {
  run();
  unshare();
}

engine::Scheduler& Suspension::scheduler() const noexcept { return *core_->parts().scheduler; }

void Suspension::unshare() noexcept {
  // Pairs with itself: the last one sees what the others did.
  if (shares_.sub_acq_rel(1) == 1) delete this;
}

// ---- the awaitable's side

namespace {

using Word = base::Atomic<std::uintptr_t>;

// The handshake of a start with a completion that may come before it has returned. Role: `open`
// until one of the two has come; then E's mark, or the suspension that E completes.
constexpr std::uintptr_t kOpen = 0;
constexpr std::uintptr_t kCompleted = 1;

Word& word(unsigned char* storage) noexcept {
  return *std::launder(reinterpret_cast<Word*>(storage));
}

}  // namespace

Waiting::Waiting(std::shared_ptr<CacheCore> core, std::shared_ptr<const Resumer> resumer) noexcept
    : core_(std::move(core)), resumer_(std::move(resumer)) {
  static_assert(sizeof(Word) == sizeof(handshake_) && std::is_trivially_destructible_v<Word>);
  ::new (static_cast<void*>(handshake_)) Word(kOpen);
}

Waiting::~Waiting() { finish(); }

void Waiting::completed(Operation&, void* self) noexcept {
  auto& waiting = *static_cast<Waiting*>(self);
  // Pairs with the exchange in start(). Where that came first, the suspension decides; where not,
  // start() goes on, and this object must not be touched any more.
  const std::uintptr_t before = word(waiting.handshake_).exchange_acq_rel(kCompleted);
  if (before != kOpen) reinterpret_cast<Suspension*>(before)->complete();
}

bool Waiting::start(Operation& op, std::coroutine_handle<> waiter) {
  CHECK(!std::exchange(started_, true) && "an operation is awaited once");
  const CoreParts& parts = core_->parts();
  op.clock = &parts.clock();
  const std::int64_t start_ns = parts.settings.timing_floor.count() != 0 ? op.clock->now_ns() : 0;
  const auto floor_end_ns = engine::floor_end_ns(parts, op, start_ns);
  op.on_complete(&Waiting::completed, this);

  const engine::Trampoline::Scope scope;
  const bool pending = parts.engine->start(op) == Progress::pending;
  if (!pending && (!floor_end_ns || op.clock->now_ns() >= *floor_end_ns)) return false;

  auto& suspension = *new Suspension(core_, resumer_, op, waiter, floor_end_ns);
  suspension_ = &suspension;
  if (pending) {
    suspension.arm();
    // Pairs with the exchange in completed().
    const std::uintptr_t before =
        word(handshake_).exchange_acq_rel(reinterpret_cast<std::uintptr_t>(&suspension));
    if (before == kOpen && suspension.commit()) return true;  // this object may be gone
  }
  if (floor_end_ns && op.clock->now_ns() < *floor_end_ns) {
    suspension.delay();
    return true;
  }
  suspension.unshare();  // the engine's: nothing is queued
  finish();
  return false;
}

void Waiting::finish() noexcept {
  if (suspension_ == nullptr) return;
  suspension_->abandon();
  std::exchange(suspension_, nullptr)->finish();
}

}  // namespace larder::detail

namespace larder {

Resumption::Resumption(detail::Suspension& suspension) noexcept : suspension_(&suspension) {
  suspension.share();
}

Resumption::Resumption(const Resumption& other) noexcept : suspension_(other.suspension_) {
  if (suspension_ != nullptr) suspension_->share();
}

Resumption::~Resumption() {
  if (suspension_ != nullptr) suspension_->unshare();
}

void Resumption::operator()() const noexcept {
  if (suspension_ != nullptr) suspension_->run();
}

}  // namespace larder
