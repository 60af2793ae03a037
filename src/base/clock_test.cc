// Tests of the system clock, its fast path, and the view of a clock on hot paths.
//
// Thread safety: a test program.
#include "base/clock.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace larder::base {
namespace {

constexpr std::int64_t kMillisecondNs = 1'000'000;

class HandClock final : public Clock {
 public:
  std::int64_t now_ns() const noexcept override { return now; }
  std::int64_t wall_ns() const noexcept override { return now; }

  std::int64_t now = 0;
};

std::int64_t count_ns(auto duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

TEST(DefaultClock, IsOneClockOfSystemTime) {
  EXPECT_EQ(default_clock(), default_clock());
  const std::int64_t before = count_ns(std::chrono::steady_clock::now().time_since_epoch());
  const std::int64_t now = default_clock()->now_ns();
  const std::int64_t after = count_ns(std::chrono::steady_clock::now().time_since_epoch());
  EXPECT_LE(before, now);
  EXPECT_LE(now, after);
}

TEST(DefaultClock, TellsTheWallTime) {
  const std::int64_t wall = count_ns(std::chrono::system_clock::now().time_since_epoch());
  const std::int64_t hour = count_ns(std::chrono::hours(1));
  EXPECT_NEAR(static_cast<double>(default_clock()->wall_ns()), static_cast<double>(wall),
              static_cast<double>(hour));
}

TEST(DefaultClock, LetsWaitersSleep) {
  EXPECT_EQ(default_clock()->poll_interval(), std::chrono::nanoseconds::max());
}

TEST(FastNow, IsAtMostAMillisecondOldAndNeverGoesBack) {
  std::int64_t last = 0;
  const std::int64_t end = steady_now_ns() + 50 * kMillisecondNs;
  std::int64_t exact = 0;
  int distinct = 0;
  while (exact < end) {
    exact = steady_now_ns();
    const std::int64_t fast = fast_now_ns();
    ASSERT_GE(fast, exact - kMillisecondNs);
    ASSERT_LE(fast, steady_now_ns());
    ASSERT_GE(fast, last);
    distinct += fast != last ? 1 : 0;
    last = fast;
  }
  EXPECT_GT(distinct, 10);
}

TEST(FastNow, HoldsOnEveryThread) {
  fast_now_ns();
  std::thread([] {
    const std::int64_t exact = steady_now_ns();
    EXPECT_GE(fast_now_ns(), exact - kMillisecondNs);
  }).join();
}

TEST(WallAt, StaysBetweenTwoReadingsOfTheWallClock) {
  constexpr std::int64_t kSlackNs = 100'000;  // the two clocks are not read at one instant
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t before = wall_now_ns();
    const std::int64_t at = wall_at_ns(steady_now_ns());
    const std::int64_t after = wall_now_ns();
    ASSERT_GE(at, before - kSlackNs);
    ASSERT_LE(at, after + kSlackNs);
  }
}

TEST(FastClock, ReadsTheGivenClockExactly) {
  auto hand = std::make_shared<HandClock>();
  const FastClock clock(hand);
  hand->now = 5;
  EXPECT_EQ(clock.tick_ns(), 5);
  hand->now = 6;
  EXPECT_EQ(clock.tick_ns(), 6);
  EXPECT_EQ(clock.now_ns(), 6);
  EXPECT_EQ(&clock.clock(), hand.get());
}

TEST(FastClock, FollowsTheSystem) {
  const FastClock clock(default_clock());
  const std::int64_t exact = steady_now_ns();
  EXPECT_GE(clock.now_ns(), exact);
  EXPECT_GE(clock.tick_ns(), exact - kMillisecondNs);
  const std::int64_t tick = clock.tick_ns();  // on its own: arguments have no order
  EXPECT_LE(tick, steady_now_ns());
}

TEST(FastClockDeathTest, NeedsAClock) { EXPECT_DEATH(FastClock(nullptr), "clock_ != nullptr"); }

}  // namespace
}  // namespace larder::base
