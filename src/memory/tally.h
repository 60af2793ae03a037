// Tally: what one memory cache counts. Used by the store and its engine.
// Thread safety: every member from any thread (striped counters).
#pragma once

#include <cstddef>
#include <cstdint>

#include "larder/hooks.h"
#include "larder/stats.h"
#include "sync/striped_counter.h"

namespace larder::memory {

class Tally {
 public:
  enum Counter : std::size_t {
    kHits,
    kMisses,
    kStores,
    kExpired,
    kEvicted,
    kReplaced,
    kErased,
    kCleared,
    kInvalidated,
    kRejected,
    kLoads,
    kJoins,
    kLoadFailures,
    kLoadsFenced,
    kLeaves,
    kUpdateRetries,
    kHookFailures,
    kCounters,
  };

  void add(Counter counter, std::uint64_t n = 1) noexcept { counters_.add(counter, n); }
  void add(RemovalCause cause) noexcept {
    constexpr Counter kOf[] = {kExpired, kEvicted, kReplaced, kErased, kCleared, kInvalidated};
    add(kOf[static_cast<std::size_t>(cause)]);
  }
  [[nodiscard]] std::uint64_t sum(Counter counter) const noexcept { return counters_.sum(counter); }

  void report(Stats& stats) const noexcept {
    stats.hits += sum(kHits);
    stats.misses += sum(kMisses);
    stats.stores += sum(kStores);
    stats.expired += sum(kExpired);
    stats.evicted += sum(kEvicted);
    stats.replaced += sum(kReplaced);
    stats.erased += sum(kErased);
    stats.cleared += sum(kCleared);
    stats.invalidated += sum(kInvalidated);
    stats.rejected += sum(kRejected);
    stats.loads += sum(kLoads);
    stats.joins += sum(kJoins);
    stats.load_failures += sum(kLoadFailures);
    stats.loads_fenced += sum(kLoadsFenced);
    stats.leaves += sum(kLeaves);
    stats.update_retries += sum(kUpdateRetries);
    stats.hook_failures += sum(kHookFailures);
  }

 private:
  sync::StripedCounters<kCounters> counters_;
};

}  // namespace larder::memory
