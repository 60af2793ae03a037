// Indexes, tags, patterns, listings and clear as flows of round trips. Used by the Redis engine.
//
// Thread safety: a flow belongs to its turn. Hooks run with no lock held.
#pragma once

#include "engine/redis_exchange.h"
#include "larder/operation.h"
#include "larder/task.h"

namespace larder::engine {

// Carries out `op`: its outcome is in it at the end. Nothing is thrown.
Task<void> run_search(RedisWay way, SearchOperation& op);

}  // namespace larder::engine
