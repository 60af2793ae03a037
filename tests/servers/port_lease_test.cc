// Leases of ports, and shifts of time without a server.
#include "servers/port_lease.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "servers/time_shift.h"

namespace larder::servers {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests

TEST(PortLeaseTest, leases_never_meet) {
  constexpr std::size_t kMany = 300;
  const std::vector<PortLease> leases(kMany);
  std::set<std::uint16_t> ports;
  for (const PortLease& lease : leases) ports.insert(lease.port());
  EXPECT_EQ(ports.size(), kMany);
  EXPECT_GE(*ports.begin(), 12'000);
  EXPECT_LT(*ports.rbegin(), 32'000);
}

TEST(TimeShiftTest, moves_forward_only_and_its_clocks_with_it) {
  const auto shift = std::make_shared<TimeShift>();
  const ShiftedClock clock(shift);
  const std::int64_t first_ns = clock.wall_ns();
  shift->advance(24h);
  shift->advance(-24h);
  EXPECT_EQ(shift->total(), 24h);
  EXPECT_GE(clock.wall_ns() - first_ns, std::chrono::nanoseconds(24h).count());
  EXPECT_LT(clock.wall_ns() - first_ns, std::chrono::nanoseconds(25h).count());
}

}  // namespace
}  // namespace larder::servers
