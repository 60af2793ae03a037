// Which load waits for which: the process-wide graph that turns a cycle of waiting loads into
// `would_deadlock` before anybody waits. Touched only by calls made inside loads.
//
// Thread safety: all members from any thread; one mutex (Rank::kFlightGraph).
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>

#include "flight/load_chain.h"
#include "sync/mutex.h"

namespace larder::flight {

// Edges run from a load to a load that it cannot end without. The graph of accepted edges has no
// cycle: an edge that would close one is refused, under the same lock that adds edges, so of two
// loads that turn to each other at once, one is refused.
// Bound: one edge per nested wait; a search visits each load of the graph at most once.
class WaitGraph {
 public:
  static WaitGraph& process();

  // A call inside `chain` wants to wait for (or to run) `target`. False: that would close a cycle;
  // nothing was added. True: the edges stand until forget().
  bool try_wait(const detail::LoadChain& chain, std::uint64_t target);
  // Undoes one try_wait() with the same arguments.
  void forget(const detail::LoadChain& chain, std::uint64_t target);

 private:
  bool reaches_locked(std::uint64_t from, std::span<const std::uint64_t> goals) const
      LARDER_REQUIRES(mutex_);

  mutable sync::Mutex mutex_{sync::Rank::kFlightGraph};
  std::unordered_multimap<std::uint64_t, std::uint64_t> edges_ LARDER_GUARDED_BY(mutex_);
};

// A number that no other flight of the process has.
std::uint64_t next_flight_id() noexcept;

}  // namespace larder::flight
