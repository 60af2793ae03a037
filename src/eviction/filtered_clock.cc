// The untemplated part of the policy: when counting begins, and for how many entries.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call.
#include "eviction/filtered_clock.h"

namespace larder::eviction {

void FilteredClock::resize(std::size_t capacity_entries) {
  capacity_ = capacity_entries;
  if (sketch_.active() && capacity_ != kUnbounded) sketch_.resize(capacity_);
}

unsigned FilteredClock::count_insertion(std::uint64_t hash) {
  // What fills an empty cache tells little about what is used again, and a shard that never fills
  // needs no memory for counters: counting begins with a half full cache.
  if (!sketch_.active()) {
    if (capacity_ == kUnbounded || size() < capacity_ / 2) return 0;
    sketch_.resize(std::max<std::size_t>(1, capacity_));
  }
  const unsigned before = sketch_.estimate(hash);
  sketch_.add(hash);
  return before;
}

}  // namespace larder::eviction
