// Times that run ahead and times that stand still, with a server and without.
#include "servers/time_shift.h"

#include <gtest/gtest.h>

#include "servers/redis_server.h"

namespace larder::servers {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests

constexpr std::int64_t kNsPerMs = 1'000'000;

std::int64_t real_ns() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

TEST(TimeShiftTest, a_time_that_runs_is_ahead_and_moves_forward_only) {
  const auto shift = std::make_shared<TimeShift>();
  const ShiftedClock clock(shift);
  EXPECT_FALSE(shift->stands_still());
  const std::int64_t before_ns = real_ns();
  EXPECT_GE(clock.wall_ns(), before_ns);
  shift->advance(24h);
  shift->advance(-24h);
  EXPECT_EQ(shift->total(), 24h);
  EXPECT_GE(clock.wall_ns() - before_ns, std::chrono::nanoseconds(24h).count());
  EXPECT_LE(clock.wall_ns() - real_ns(), std::chrono::nanoseconds(24h).count());
  const std::int64_t now_ns = clock.now_ns();
  shift->advance(1min);
  EXPECT_GE(clock.now_ns() - now_ns, std::chrono::nanoseconds(1min).count());
  EXPECT_EQ(clock.poll_interval(), 1ms);
}

TEST(TimeShiftTest, a_time_that_stands_still_moves_by_what_it_is_told) {
  const std::int64_t before_ns = real_ns();
  const auto shift = std::make_shared<TimeShift>(TimeShift::Mode::stands_still);
  const ShiftedClock clock(shift);
  EXPECT_TRUE(shift->stands_still());
  const std::int64_t begin_ns = shift->instant_ns();
  EXPECT_GE(begin_ns, before_ns - kNsPerMs);
  EXPECT_LE(begin_ns, real_ns());
  EXPECT_EQ(begin_ns % kNsPerMs, 0);
  shift->advance(1h + 1ns);
  EXPECT_EQ(clock.wall_ns() - begin_ns, std::chrono::nanoseconds(1h).count() + 1);
  EXPECT_EQ(clock.now_ns(), clock.wall_ns());
}

TEST(TimeShiftTest, a_servers_time_stands_still_with_it_to_the_microsecond) {
  if (!missing_redis().empty()) GTEST_SKIP() << missing_redis();
  const auto shift = std::make_shared<TimeShift>(TimeShift::Mode::stands_still);
  RedisServer server({.time = shift});
  const auto server_us = [&] {
    const Reply now = server.call({"TIME"});
    return (std::stoll(now.items.at(0).text) * 1'000'000) + std::stoll(now.items.at(1).text);
  };
  EXPECT_EQ(server_us(), shift->instant_ns() / 1'000);
  server.command({"SET", "k", "v", "PX", "1000"});
  server.advance(999ms + 999us);
  EXPECT_EQ(server_us(), shift->instant_ns() / 1'000);
  EXPECT_EQ(server.call({"PTTL", "k"}).integer, 1);
  server.advance(1us);
  EXPECT_EQ(server.call({"PTTL", "k"}).integer, 0);  // its last millisecond
  EXPECT_EQ(server.command({"GET", "k"}), "v");
  server.advance(1ms);
  EXPECT_EQ(server.call({"GET", "k"}).kind, Reply::Kind::null);
  server.advance(24h * 365 * 100);
  EXPECT_EQ(server_us(), shift->instant_ns() / 1'000);
}

}  // namespace
}  // namespace larder::servers
