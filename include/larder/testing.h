// Aids for tests of programs that use Larder: a clock moved by hand, the structure check and the
// housekeeping round of a cache, and (from middleware.h) chaos.
// Thread safety: every member and function may be called from any thread at any time; validate()
// is for moments in which no operation runs.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "larder/cache.h"
#include "larder/clock.h"
#include "larder/middleware.h"

namespace larder::testing {

using larder::middleware::chaos;
using larder::middleware::ChaosOptions;

/// A clock that stands still until it is told to move. Waits on it look again every millisecond of
/// real time, so that a deadline that advance() has passed ends them at once.
/// @code
///   auto clock = std::make_shared<larder::testing::ManualClock>();
///   auto cache = manager.open<int>("n", {.clock = clock});
///   clock->advance(5min);
/// @endcode
class ManualClock final : public Clock {
 public:
  /// Starts on 2030-01-01 00:00 UTC; the monotonic instant starts at one hour.
  ManualClock() noexcept = default;
  explicit ManualClock(std::chrono::system_clock::time_point wall) noexcept { set_wall(wall); }

  /// Moves both instants forward. Time does not go back: a negative span moves nothing.
  void advance(std::chrono::nanoseconds span) noexcept {
    const std::int64_t step_ns = std::max<std::int64_t>(span.count(), 0);
    wall_ns_.fetch_add(step_ns, std::memory_order_release);  // pairs with wall_ns()
    now_ns_.fetch_add(step_ns, std::memory_order_release);   // pairs with now_ns()
  }
  /// Sets the wall clock, as an administrator may; the monotonic instant goes on.
  void set_wall(std::chrono::system_clock::time_point wall) noexcept {
    const auto span = std::chrono::nanoseconds(wall.time_since_epoch());
    wall_ns_.store(span.count(), std::memory_order_release);  // pairs with wall_ns()
  }

  std::int64_t now_ns() const noexcept override { return now_ns_.load(std::memory_order_acquire); }
  std::int64_t wall_ns() const noexcept override {
    return wall_ns_.load(std::memory_order_acquire);
  }
  std::chrono::nanoseconds poll_interval() const noexcept override {
    return std::chrono::milliseconds(1);
  }

 private:
  static constexpr std::int64_t kFirstWallNs = 1'893'456'000'000'000'000;

  // atomics: role: the instants; what a test did before it moved them is seen by who reads them
  std::atomic<std::int64_t> now_ns_{std::chrono::nanoseconds(std::chrono::hours(1)).count()};
  std::atomic<std::int64_t> wall_ns_{kFirstWallNs};
};

/// Checks the structure of the engine behind `cache`: the first fault found, or empty.
template <class T>
[[nodiscard]] std::string validate(const Cache<T>& cache) {
  return detail::CacheAccess::core(cache).engine().validate();
}

/// Does one round of the housekeeping that otherwise waits for its time (sweeps of what has
/// expired). Call it after moving a manual clock.
template <class T>
void maintain(const Cache<T>& cache) {
  detail::CacheAccess::core(cache).engine().maintain();
}

}  // namespace larder::testing
