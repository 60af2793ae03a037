// Stats: what a cache counted since it was opened, exact, and what it holds.
// Thread safety: a value; a snapshot whose counters were read one after the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace larder {

/// Counters are totals since opening; gauges are what is held at the snapshot.
struct Stats {
  // reads
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  // writes that stored, and removals by cause
  std::uint64_t stores = 0;
  std::uint64_t erased = 0;
  std::uint64_t expired = 0;
  std::uint64_t evicted = 0;
  std::uint64_t replaced = 0;
  std::uint64_t cleared = 0;
  std::uint64_t invalidated = 0;
  std::uint64_t rejected = 0;  ///< cache_full and too_large
  // loads
  std::uint64_t loads = 0;  ///< loaders started
  std::uint64_t joins = 0;  ///< callers that waited for another's load
  std::uint64_t load_failures = 0;
  std::uint64_t loads_fenced = 0;  ///< results not stored because a write came between
  std::uint64_t leaves = 0;        ///< callers that left a load before its end
  // other
  std::uint64_t update_retries = 0;
  std::uint64_t hook_failures = 0;  ///< exceptions of post-hooks and on_removal
  // gauges
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;           ///< as the weigher counts
  std::uint64_t resident_bytes = 0;  ///< memory held for entries, tables and policy
  std::uint64_t pinned_bytes = 0;    ///< removed values that Refs still hold
  std::uint64_t flights = 0;         ///< loads in flight
  std::uint64_t waiters = 0;         ///< callers waiting in flights

  [[nodiscard]] double hit_ratio() const noexcept {
    const std::uint64_t reads = hits + misses;
    return reads == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(reads);
  }
};

}  // namespace larder
