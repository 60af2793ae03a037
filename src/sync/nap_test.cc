// Tests of the length of naps.
//
// Thread safety: a test program.
#include "sync/nap.h"

#include <limits>

#include <gtest/gtest.h>

namespace larder::sync {
namespace {

using std::chrono::nanoseconds;
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

struct FixedClock final : Clock {
  FixedClock(std::int64_t now, nanoseconds interval) : now(now), interval(interval) {}
  std::int64_t now_ns() const noexcept override { return now; }
  std::int64_t wall_ns() const noexcept override { return now; }
  nanoseconds poll_interval() const noexcept override { return interval; }
  std::int64_t now;
  nanoseconds interval;
};

TEST(NextNap, EndsAtTheDeadline) {
  const FixedClock clock(100, nanoseconds::max());
  EXPECT_EQ(next_nap(130, clock), nanoseconds(30));
  EXPECT_EQ(next_nap(100, clock), nanoseconds(0));
  EXPECT_EQ(next_nap(99, clock), nanoseconds(0));
}

TEST(NextNap, IsNoLongerThanThePollIntervalAndTheLongestNap) {
  EXPECT_EQ(next_nap(1'000'000, FixedClock(0, nanoseconds(7))), nanoseconds(7));
  EXPECT_EQ(next_nap(kMax, FixedClock(0, nanoseconds(7))), nanoseconds(7));
  EXPECT_EQ(next_nap(kMax, FixedClock(0, nanoseconds::max())), kLongestNap);
  EXPECT_EQ(next_nap(kMax - 1, FixedClock(0, nanoseconds::max())), kLongestNap);
}

TEST(NextNap, NeverOverflows) {
  EXPECT_EQ(next_nap(kMax - 1, FixedClock(kMin, nanoseconds::max())), kLongestNap);
  EXPECT_EQ(next_nap(kMin, FixedClock(kMax, nanoseconds::max())), nanoseconds(0));
}

}  // namespace
}  // namespace larder::sync
