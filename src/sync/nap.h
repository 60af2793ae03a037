// How long a waiter may sleep before it must look at its clock again. Used by all waits with a
// deadline on a Clock.
//
// Thread safety: a pure function of its arguments and the clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "larder/clock.h"

namespace larder::sync {

// No sleep of the library is longer: it keeps sums of instants and durations from overflowing.
inline constexpr std::chrono::nanoseconds kLongestNap = std::chrono::hours(1);

// Time to sleep on the way to `deadline_ns` (max(): no deadline); zero or less when it has passed.
inline std::chrono::nanoseconds next_nap(std::int64_t deadline_ns, const Clock& clock) noexcept {
  const std::chrono::nanoseconds longest = std::min(kLongestNap, clock.poll_interval());
  if (deadline_ns == std::numeric_limits<std::int64_t>::max()) return longest;
  const std::int64_t now = clock.now_ns();
  if (now >= deadline_ns) return std::chrono::nanoseconds::zero();
  // Unsigned, because the distance of two extreme instants does not fit; it is capped at once.
  const std::uint64_t left =
      static_cast<std::uint64_t>(deadline_ns) - static_cast<std::uint64_t>(now);
  if (left >= static_cast<std::uint64_t>(longest.count())) return longest;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(left));
}

}  // namespace larder::sync
