// Timers and background work of one Manager: two threads that start at their first use. Engines
// sweep and bound their loads with it; awaiters get their deadlines and their resumption from it.
//
// Thread safety: every member may be called from any thread at any time, callbacks included; the
// destructor once, by the last owner, which may be a callback.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "larder/clock.h"

namespace larder::engine {

// Each lane is one thread that runs its callbacks one after the other, with no lock held.
// Callbacks must not throw. The number of timers and posts is bounded by what is alive: engines,
// flights and suspended awaiters, a few each.
class Scheduler {
 public:
  enum class Lane : std::uint8_t {
    timer,  // short work of the library alone: deadlines stay prompt
    work,   // may run user code: sweeps with hooks, coroutines
  };

  // Names one call of schedule(). The default names none.
  struct TimerId {
    const Clock* clock = nullptr;
    std::int64_t at_ns = 0;
    std::uint64_t sequence = 0;
    Lane lane = Lane::timer;

    explicit operator bool() const noexcept { return sequence != 0; }
  };

  Scheduler();
  // Drops the timers, runs what was posted, ends the threads. A lane that runs the destructor
  // itself ends when its callback returns.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs `callback` once when `clock` shows `at_ns` or later. The clock must live until the
  // callback has begun or cancel() has returned.
  TimerId schedule(std::int64_t at_ns, const Clock& clock, std::function<void()> callback,
                   Lane lane = Lane::timer);

  // True: the callback has not run and never will. False: it has run, or (called from that very
  // callback) it runs. Waits for a callback that runs on another thread.
  bool cancel(const TimerId& id) noexcept;

  // The same without waiting: false also while the callback runs.
  bool try_cancel(const TimerId& id) noexcept;

  // Runs `task` soon on the work lane, in the order of posting.
  void post(std::function<void()> task);

  // Whether the calling thread is the timer lane of any scheduler, where no user code may run.
  static bool on_timer_lane() noexcept;

 private:
  class LaneThread;

  LaneThread& lane(Lane lane) const noexcept { return lane == Lane::timer ? *timer_ : *work_; }

  // constant after construction; shared with the thread, which may outlive this object
  const std::shared_ptr<LaneThread> timer_;
  const std::shared_ptr<LaneThread> work_;
};

}  // namespace larder::engine
