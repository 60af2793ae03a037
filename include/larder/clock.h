// The clock of a cache: where all of its time comes from. Named in the options of a cache; a
// program leaves it alone, a test passes a clock that it moves by hand.
//
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

namespace larder {

// A source of two instants: a monotonic one that orders events and measures durations, and the
// wall clock for what leaves the process. Implementations must be thread-safe and must not call
// back into a cache.
class Clock {
 public:
  virtual ~Clock();

  // Monotonic: never goes back, starts anywhere.
  virtual std::int64_t now_ns() const noexcept = 0;

  // Nanoseconds since the Unix epoch; may be set back by an administrator.
  virtual std::int64_t wall_ns() const noexcept = 0;

  // How long a waiter may really sleep before it must look at now_ns() again. A clock that runs
  // with real time leaves it at max(): one sleep up to the deadline is right. A clock moved by
  // hand returns a short time (1 ms), because no sleeper learns of the move.
  virtual std::chrono::nanoseconds poll_interval() const noexcept;
};

// The clock used where none is given: CLOCK_MONOTONIC and CLOCK_REALTIME of the system.
const std::shared_ptr<Clock>& default_clock();

}  // namespace larder
