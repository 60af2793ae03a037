// LeaseKeeper: gives signs of life for the leases of one load while its loader runs. Used by
// redis_loader.cc.
//
// Thread safety: built and destroyed by the load; its timer runs on the scheduler.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/redis_space.h"
#include "engine/scheduler.h"

namespace larder::engine {

struct LeasedKey {
  std::string entry;
  Version token;
};

// Gives a lease back. Nobody hears whether that arrived: it runs out by itself.
void give_up_lease(const RedisSpace& space, const LeasedKey& key);

// Prolongs the leases at every third of their time, on the monotonic clock. A lease that was lost
// asks the loader to stop: what it loads cannot be published any more.
class LeaseKeeper {
 public:
  LeaseKeeper(const RedisSpace& space, Scheduler& scheduler, std::vector<LeasedKey> leases,
              std::stop_source stop);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

 private:
  struct Watch;

  const std::shared_ptr<Watch> watch_;  // null: nothing is leased
};

}  // namespace larder::engine
