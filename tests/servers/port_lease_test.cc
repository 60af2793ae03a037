// Leases of ports.
#include "servers/port_lease.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace larder::servers {
namespace {

TEST(PortLeaseTest, leases_never_meet) {
  constexpr std::size_t kMany = 300;
  const std::vector<PortLease> leases(kMany);
  std::set<std::uint16_t> ports;
  for (const PortLease& lease : leases) ports.insert(lease.port());
  EXPECT_EQ(ports.size(), kMany);
  EXPECT_GE(*ports.begin(), 12'000);
  EXPECT_LT(*ports.rbegin(), 32'000);
}

}  // namespace
}  // namespace larder::servers
