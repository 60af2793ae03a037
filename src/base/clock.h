// Time inside the library: the system clock's fast path and the view of a Clock that hot paths
// read. Used by the engines; clock.cc is the only code that asks the system for the time.
//
// Thread safety: each function may be called from any thread at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/check.h"
#include "larder/clock.h"

namespace larder::base {

// CLOCK_MONOTONIC and CLOCK_REALTIME in nanoseconds.
std::int64_t steady_now_ns() noexcept;
std::int64_t wall_now_ns() noexcept;

// CLOCK_MONOTONIC, at most 1 ms old, cheaper than reading it: never goes back within one thread.
//
// Each thread keeps a reading of the clock with the time stamp counter (TSC) taken before it, and
// returns that reading until the counter has advanced by kFreshTicks. The age of the result is at
// most (ticks since the stamp) / f, because the clock was read after the stamp; with f >= 1 GHz,
// which holds for every x86-64 processor with an invariant TSC, that is at most 0.2 ms. The
// remaining 0.8 ms covers counters of two cores that disagree when a thread moves between them; a
// counter that is behind the stamp makes the unsigned difference huge, and the clock is read.
// Without an invariant TSC (checked once by CPUID) every call reads the clock.
std::int64_t fast_now_ns() noexcept;

// CLOCK_REALTIME at an instant of CLOCK_MONOTONIC that was read just now, by the distance of the
// two as it was at most 1 ms ago: the wall clock for the price of an addition.
std::int64_t wall_at_ns(std::int64_t steady_ns) noexcept;

inline constexpr std::uint64_t kFreshTicks = 200'000;

// A clock as hot paths see it: no virtual call and, at most, a 1 ms old tick where the clock is the
// system's; exactly the given clock otherwise. Copyable.
class FastClock {
 public:
  explicit FastClock(std::shared_ptr<const Clock> clock) noexcept
      : clock_(std::move(clock)), is_system_(clock_ == default_clock()) {
    CHECK(clock_ != nullptr);
  }

  // At most 1 ms old: for the liveness of entries on reads.
  std::int64_t tick_ns() const noexcept { return is_system_ ? fast_now_ns() : clock_->now_ns(); }

  // Exact: for deadlines and expiries that are written.
  std::int64_t now_ns() const noexcept { return is_system_ ? steady_now_ns() : clock_->now_ns(); }

  // The wall clock at `now_ns`, which now_ns() has just answered.
  std::int64_t wall_ns(std::int64_t now_ns) const noexcept {
    return is_system_ ? wall_at_ns(now_ns) : clock_->wall_ns();
  }

  const Clock& clock() const noexcept { return *clock_; }

 private:
  // constant after construction
  std::shared_ptr<const Clock> clock_;
  bool is_system_;
};

}  // namespace larder::base
