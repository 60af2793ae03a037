// The control block of a suspended coroutine: who ends its wait, who resumes it, and when nobody
// may touch it any more. Used by the awaitables.
//
// Thread safety: every member may be called from any thread, within the rules at the class.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/atomic.h"
#include "engine/core_parts.h"
#include "engine/trampoline.h"
#include "larder/detail/awaitable.h"

namespace larder::detail {

// One pending operation of one coroutine. Five parties may meet on it:
//   S the starter, in await_suspend        E the engine, which completes the operation
//   D the deadline's timer, T the stop token (both "leave": they end the wait early)
//   X the destroyer: the coroutine is destroyed while it is suspended
// The operation and the coroutine live until the wait has ended; this block is counted.
//
// States and transitions (each a compare-and-set of state_, but for those of a single owner):
//   arming --S--> waiting              the coroutine is suspended from now on
//   arming --E--> arming_ended         S sees it and does not suspend
//   arming --D,T--> arming_left        S sees it and leaves itself
//   arming_left --E--> arming_ended    --S--> leaving   (two states, one per reason)
//   arming_ended, leaving, leaving_ended --S--> resumed   S goes on without having been suspended
//   waiting --E--> ended               E queues the resumption
//   waiting --D,T,X--> leaving         the one that did it, alone, asks the engine to let go
//   leaving --E--> leaving_ended       the engine did not let go; the leaver goes on for E
//   leaving --leaver--> waiting        the engine did not let go; E is on its way
//   leaving, leaving_ended --D,T--> ended        the leaver queues the resumption
//   leaving, leaving_ended --X--> abandoned
//   ended --resume()--> resumed        the one queued resumption runs the coroutine
//   ended --X--> abandoned             the queued resumption will find that and do nothing
// Why it is safe:
//  - The operation is touched only by the engine before E's transition, and by the leaver in
//    `leaving`. X ends in `abandoned` only when neither can follow: from `leaving` after the engine
//    let go, from `leaving_ended` after E, from `ended`. Until then it waits for the other thread.
//  - Exactly one transition leads to `ended`, and who makes it queues exactly one resumption; so
//    the coroutine is resumed at most once, and never after `abandoned`.
//  - Shares: the awaitable has one, given back in finish(). The engine's passes to whoever queues
//    the resumption, then to the queue, and is given back after the resumption; where nothing is
//    queued, S or X gives it back. Timers and Resumptions have their own.
//  - The stop callback and the deadline are ended by finish(), on the thread that owns the
//    coroutine. The floor's timer is left to itself: it finds `abandoned`.
// All transitions are acquire and release: the outcome that E or the leaver wrote is visible to
// whoever sees the state.
class Suspension final : public engine::Continuation {
 public:
  // `floor_end_ns`: the instant before which the coroutine is not resumed, if there is one.
  Suspension(std::shared_ptr<CacheCore> core, std::shared_ptr<const Resumer> resumer, Operation& op,
             std::coroutine_handle<> waiter, std::optional<std::int64_t> floor_end_ns) noexcept;

  // S: registers the deadline and the stop token. Before the engine can reach this block.
  void arm();
  // S: true when the coroutine is suspended (this block must not be touched any more without a
  // share); false when the wait is over.
  bool commit() noexcept;
  // S, instead of both: the operation is over, the coroutine waits only for the floor's end.
  void delay() noexcept;
  // E.
  void complete() noexcept;
  // X, on a coroutine that is suspended; no effect on one that was resumed.
  void abandon() noexcept;
  // The owner of the coroutine, or S: ends timers and the stop callback, gives back the share.
  void finish() noexcept;

  // Runs the coroutine if this is the first call and it was not destroyed. Uses no share.
  void run() noexcept;

  void share() noexcept { shares_.add_relaxed(1); }
  void unshare() noexcept;

  // Continuation; uses the share of the queue.
  void resume() noexcept override;
  engine::Scheduler& scheduler() const noexcept override;

 private:
  enum class State : std::uint32_t {
    arming,
    arming_ended,
    arming_stopped,
    arming_late,
    waiting,
    leaving,
    leaving_ended,
    ended,
    resumed,
    abandoned,
  };
  struct OnStop {
    Suspension* self;
    void operator()() const noexcept { self->leave(Errc::cancelled); }
  };

  ~Suspension() = default;

  // Which thread queues: a completing one may run coroutines, the others may not.
  enum class Origin : bool { engine, other };

  bool move(State from, State to) noexcept;
  void leave(Errc reason) noexcept;
  bool commit_left(Errc reason) noexcept;
  void abandon_waiting() noexcept;
  void queue(Origin origin) noexcept;
  void queue_now(Origin origin) noexcept;
  void call_resumer() noexcept;

  // constant after construction
  const std::shared_ptr<CacheCore> core_;
  const std::shared_ptr<const Resumer> resumer_;
  Operation& op_;
  const std::coroutine_handle<> waiter_;
  const std::optional<std::int64_t> floor_end_ns_;
  // written by S in arm(), read in finish() after the end
  engine::Scheduler::TimerId deadline_;
  std::optional<std::stop_callback<OnStop>> on_stop_;
  // atomics
  base::Atomic<State> state_{State::arming};  // role: see the class
  base::Atomic<std::uint32_t> shares_{2};     // role: counts owners: the awaitable, the engine
};

}  // namespace larder::detail
