// The untemplated part of the policy: counts, their ageing, and when counting begins.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call.
#include "eviction/filtered_clock.h"

namespace larder::eviction {

void FilteredClock::resize(std::size_t capacity_entries) {
  if (capacity_entries > capacity_) filling_below_ = kUnbounded;
  capacity_ = capacity_entries;
  if (history_.active() && capacity_ != kUnbounded) {
    history_.resize(std::max<std::size_t>(1, capacity_));
  }
}

void FilteredClock::begin_count(PolicyLinks& links, std::uint64_t hash) {
  links.count = 0;
  links.generation = history_.generation();
  if (!history_.active()) {
    if (capacity_ == kUnbounded || size() < capacity_ / 2) return;
    history_.resize(std::max<std::size_t>(1, capacity_));
  }
  links.count = static_cast<std::uint8_t>(history_.take(hash));
  count_round(links);
}

void FilteredClock::count_round(PolicyLinks& links) {
  if (!history_.active()) return;
  const unsigned count = std::min(count_of(links) + 1, FrequencyHistory::kMaxCount);
  links.count = static_cast<std::uint8_t>(count);
  links.generation = history_.generation();
  count_event();
}

void FilteredClock::count_event() {
  if (++events_ < kEventsPerGeneration * capacity_) return;
  events_ = 0;
  history_.age();
}

unsigned FilteredClock::count_of(const PolicyLinks& links) const {
  return FrequencyHistory::aged(links.count, links.generation, history_.generation());
}

bool FilteredClock::wins(const PolicyLinks& candidate, const PolicyLinks& rival) const {
  // Its last insertion is left out: the miss that brought it says nothing about a second use.
  return count_of(candidate) > count_of(rival) + 1;
}

}  // namespace larder::eviction
