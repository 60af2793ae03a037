// The operations on named keys, and updates, as flows of round trips. Used by the Redis engine.
//
// Thread safety: a flow belongs to its turn. User code runs with no lock held.
#pragma once

#include "engine/redis_exchange.h"
#include "larder/operation.h"
#include "larder/task.h"

namespace larder::engine {

// Carries out `op`: every outcome is in it at the end. Nothing is thrown.
Task<void> run_keys(RedisWay way, KeyOperation& op);
Task<void> run_update(RedisWay way, UpdateOperation& op);

}  // namespace larder::engine
