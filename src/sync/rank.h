// The rank of every lock of the library, in one place. A thread takes locks only in rising rank,
// so that no cycle of waiting threads can form. Used by every Mutex.
//
// Thread safety: constants only.
#pragma once

#include <cstdint>

namespace larder::sync {

// From the outermost to the innermost. Two locks of one rank are never held together, with one
// exception: kShard, in ascending order of the sequence given to the mutex (its shard index).
enum class Rank : std::uint8_t {
  kManager,         // the registry of open caches and providers
  kEngine,          // the state of one engine: life cycle, reconfiguration
  kShard,           // a shard of the table with its policy and wheel; ordered by shard index
  kFlight,          // fences of loads, and the state of one waiting caller
  kFlightGraph,     // which load waits for which
  kIndex,           // secondary indexes and tags
  kSlab,            // the allocator of entries
  kLimbo,           // entries that wait for readers to leave
  kScheduler,       // timers and queues of background work
  kConnection,      // requests on their way to the thread of a connection
  kStats,           // registries of metrics and recorders of events
  kLog,             // the sink of log records
  kLeaf,            // anything that takes no lock of the library while held
  kThreadRegistry,  // claims of thread slots: reached from any place that reads
};

// True when locks of this rank may be held together in ascending sequence.
constexpr bool allows_siblings(Rank rank) noexcept { return rank == Rank::kShard; }

}  // namespace larder::sync
