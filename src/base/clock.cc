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
};

constinit thread_local Reading t_reading{};

[[gnu::noinline]] std::int64_t read_again(std::uint64_t stamp) noexcept {
  static const bool invariant = tsc_is_invariant();
  t_reading = {stamp, steady_now_ns(), invariant};
  return t_reading.now_ns;
}
#endif

}  // namespace

std::int64_t steady_now_ns() noexcept { return read_clock_ns(CLOCK_MONOTONIC); }

std::int64_t wall_now_ns() noexcept { return read_clock_ns(CLOCK_REALTIME); }

std::int64_t fast_now_ns() noexcept {
#if defined(__x86_64__)
  const std::uint64_t stamp = __rdtsc();
  if (t_reading.usable && stamp - t_reading.stamp < kFreshTicks) [[likely]] {
    return t_reading.now_ns;
  }
  return read_again(stamp);
#else
  return steady_now_ns();
#endif
}

}  // namespace larder::base
