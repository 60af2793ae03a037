// Shard: one stripe of a cache: its part of the table with the policy, the wheel and the loads in
// flight of the same keys. Used by the store and, for loads, by the engine.
//
// Thread safety: the table's readers need a read section only; everything else is guarded by the
// shard's mutex (Rank::kShard, ordered by index).
#pragma once

#include <cstddef>
#include <cstdint>

#include "eviction/filtered_clock.h"
#include "expiry/timer_wheel.h"
#include "flight/flight_table.h"
#include "memory/nodes.h"
#include "sync/mutex.h"
#include "table/table.h"

namespace larder::memory {

struct Shard {
  Shard(unsigned index, std::size_t capacity, std::int64_t now_ns)
      : mutex(sync::Rank::kShard, index), index(index), policy(capacity), wheel(now_ns) {}

  // read by readers, written at rebuilds only: on lines of its own
  alignas(base::kCacheLine) table::Table table;

  alignas(base::kCacheLine) mutable sync::Mutex mutex;
  const unsigned index;  // constant
  // guarded by mutex
  bool closed LARDER_GUARDED_BY(mutex) = false;       // emptied for good: nothing comes in
  std::uint64_t clears LARDER_GUARDED_BY(mutex) = 0;  // how many clears have come by here
  std::uint64_t writes LARDER_GUARDED_BY(mutex) = 0;  // numbers the versions of this shard
  eviction::FilteredClock policy LARDER_GUARDED_BY(mutex);
  expiry::TimerWheel<Nodes> wheel LARDER_GUARDED_BY(mutex);
  flight::FlightTable flights LARDER_GUARDED_BY(mutex);
};

}  // namespace larder::memory
