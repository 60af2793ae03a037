// Listings in pages: the keys of a cache, the terms of an index. Used by redis_search.cc.
//
// Thread safety: a flow belongs to its turn.
#pragma once

#include "engine/redis_exchange.h"
#include "larder/operation.h"
#include "larder/task.h"

namespace larder::engine {

// What is there throughout is listed; what the server moves meanwhile may be listed twice.
Task<void> scan_entries(RedisWay way, SearchOperation& op);
Task<void> scan_index(RedisWay way, SearchOperation& op);

}  // namespace larder::engine
