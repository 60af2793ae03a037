// The system's clocks: the one place of the library that reads time.
//
// Thread safety: as in the header.
#include "base/clock.h"

#include <time.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace larder {

Clock::~Clock() = default;

std::chrono::nanoseconds Clock::poll_interval() const noexcept {
  return std::chrono::nanoseconds::max();
}

namespace {

class SystemClock final : public Clock {
 public:
  std::int64_t now_ns() const noexcept override { return base::steady_now_ns(); }
  std::int64_t wall_ns() const noexcept override { return base::wall_now_ns(); }
};

}  // namespace

const std::shared_ptr<Clock>& default_clock() {
  // Never destroyed: caches of static storage may outlive every other static object.
  static const auto& clock = *new std::shared_ptr<Clock>(std::make_shared<SystemClock>());
  return clock;
}

}  // namespace larder

namespace larder::base {
namespace {

std::int64_t read_clock_ns(clockid_t id) noexcept {
  timespec now{};
  clock_gettime(id, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

#if defined(__x86_64__)
bool tsc_is_invariant() noexcept {
  constexpr unsigned kPowerLeaf = 0x80000007;
  constexpr unsigned kInvariantTsc = 1U << 8;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(kPowerLeaf, &eax, &ebx, &ecx, &edx) != 0 && (edx & kInvariantTsc) != 0;
}

// A reading of the clock and the counter just before it. `usable` is false until the first reading
// and for ever where the counter is not invariant.
struct Reading {
  std::uint64_t stamp;
  std::int64_t now_ns;
  bool usable;

  [[nodiscard]] bool is_fresh(std::uint64_t now) const noexcept {
    return usable && now - stamp < kFreshTicks;
  }
};

constinit thread_local Reading t_reading{};
constinit thread_local Reading t_distance{};  // `now_ns` is how far the wall clock is ahead

bool counter_is_usable() noexcept {
  static const bool invariant = tsc_is_invariant();
  return invariant;
}

[[gnu::noinline]] std::int64_t read_again(std::uint64_t stamp) noexcept {
  t_reading = {stamp, steady_now_ns(), counter_is_usable()};
  return t_reading.now_ns;
}

// The wall clock is read between two readings of the other; they are far apart when the thread lost
// its processor in between.
[[gnu::noinline]] std::int64_t measure_again(std::uint64_t stamp) noexcept {
  constexpr std::int64_t kNarrowNs = 2'000;
  constexpr int kAttempts = 4;
  for (int attempt = 0;; ++attempt) {
    const std::int64_t before = steady_now_ns();
    const std::int64_t wall = wall_now_ns();
    const std::int64_t after = steady_now_ns();
    if (after - before > kNarrowNs && attempt < kAttempts) continue;
    t_distance = {stamp, wall - before - (after - before) / 2, counter_is_usable()};
    return t_distance.now_ns;
  }
}
#endif

}  // namespace

std::int64_t steady_now_ns() noexcept { return read_clock_ns(CLOCK_MONOTONIC); }

std::int64_t wall_now_ns() noexcept { return read_clock_ns(CLOCK_REALTIME); }

std::int64_t fast_now_ns() noexcept {
#if defined(__x86_64__)
  const std::uint64_t stamp = __rdtsc();
  if (t_reading.is_fresh(stamp)) [[likely]]
    return t_reading.now_ns;
  return read_again(stamp);
#else
  return steady_now_ns();
#endif
}

std::int64_t wall_at_ns([[maybe_unused]] std::int64_t steady_ns) noexcept {
#if defined(__x86_64__)
  const std::uint64_t stamp = __rdtsc();
  if (t_distance.is_fresh(stamp)) [[likely]]
    return steady_ns + t_distance.now_ns;
  return steady_ns + measure_again(stamp);
#else
  return wall_now_ns();
#endif
}

}  // namespace larder::base
