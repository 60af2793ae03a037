// Waiting for a pending operation with two more ways out: the deadline and the stop token.
//
// Thread safety: as in blocking.h.
#include "engine/blocking.h"

#include <algorithm>
#include <stop_token>

#include "base/atomic.h"
#include "engine/trampoline.h"
#include "sync/event.h"
#include "sync/mutex.h"

namespace larder::engine {
namespace {

// One wait. Three threads may meet: the waiter, the completer, and the one that requests a stop.
// `over_` is set exactly once: by the completer, or by a stop that made the engine let go. Of the
// waiter (deadline) and the stop, the first to claim `leaving_` asks the engine, the other only
// waits for `over_`: leave() is called at most once, and when it says true nobody completes. The
// operation lives until the waiter returns, and the waiter destroys the stop callback first, which
// waits for one that runs: so whoever leaves finds the operation alive.
class Wait {
 public:
  Wait(Engine& engine, Operation& op, const Clock& clock) noexcept
      : engine_(engine), op_(op), clock_(clock) {
    op.on_complete([](Operation&, void* self) noexcept { static_cast<Wait*>(self)->over_.set(); },
                   this);
  }

  void wait() noexcept {
    const std::stop_callback on_stop(op_.context.stop, [this]() noexcept {
      if (claim() && leave_for(engine_, op_, Errc::cancelled)) over_.set();
    });
    if (over_.wait_until(op_.context.deadline_ns.value_or(sync::kNoDeadlineNs), clock_)) return;
    if (claim() && leave_for(engine_, op_, Errc::deadline_exceeded)) return;
    over_.wait();
  }

 private:
  bool claim() noexcept { return !leaving_.exchange_relaxed(true); }

  Engine& engine_;
  Operation& op_;
  const Clock& clock_;
  sync::Event over_;  // own synchronisation: the outcome is in the operation
  // Role: who may call leave(). Relaxed: what the winner writes travels with over_.
  base::Atomic<bool> leaving_{false};
};

bool is_floored(Opcode code) noexcept {
  switch (code) {
    case Opcode::get:
    case Opcode::contains:
    case Opcode::metadata:
    case Opcode::take:
    case Opcode::load:
    case Opcode::find_by_index:
    case Opcode::get_by_index:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool leave_for(Engine& engine, Operation& op, Errc reason) noexcept {
  if (!engine.leave(op)) return false;
  if (!op.error) op.error = Error(reason);
  op.unwind();
  return true;
}

std::optional<std::int64_t> floor_end_ns(const detail::CoreParts& parts, const Operation& op,
                                         std::int64_t start_ns) noexcept {
  const std::int64_t floor_ns = parts.settings.timing_floor.count();
  if (floor_ns == 0 || !is_floored(op.code)) return std::nullopt;
  return std::min(start_ns + floor_ns, op.context.deadline_ns.value_or(sync::kNoDeadlineNs));
}

void run_blocking(const detail::CoreParts& parts, Operation& op) noexcept {
  const Clock& clock = parts.clock();
  op.clock = &clock;
  op.may_wait = true;
  const bool floors = parts.settings.timing_floor.count() != 0;
  const std::int64_t start_ns = floors ? clock.now_ns() : 0;
  {
    const Trampoline::Scope scope;
    Wait wait(*parts.engine, op, clock);
    if (parts.engine->start(op) == Progress::pending) {
      Trampoline::flush();  // this thread blocks: what waits for it must not
      wait.wait();
    }
  }
  if (!floors) return;
  if (const auto end_ns = floor_end_ns(parts, op, start_ns)) {
    sync::Event never;
    never.wait_until(*end_ns, clock);
  }
}

}  // namespace larder::engine
