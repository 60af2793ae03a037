// The untemplated part of the policy: counts, their ageing, and when counting begins.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call.
#include "eviction/filtered_clock.h"

namespace larder::eviction {

void FilteredClock::resize(std::size_t capacity_entries) {
  filling_below_ = kUnbounded;
  expect(capacity_entries);
}

void FilteredClock::expect(std::size_t entries) {
  expected_ = std::max<std::size_t>(1, entries);
  if (history_.active() && expected_ != kUnbounded) history_.resize(expected_);
}

void FilteredClock::note_full() {
  filling_below_ = size() - size() / 8;
  // Within a quarter the expectation is good enough; a change of the history costs its size.
  const std::size_t quarter = size() / 4;
  if (size() != 0 && (expected_ > size() + quarter || expected_ < size() - quarter)) expect(size());
}

void FilteredClock::begin_count(PolicyLinks& links, std::uint64_t hash) {
  links.count = 0;
  links.generation = history_.generation();
  if (!history_.active()) {
    if (expected_ == kUnbounded || size() < expected_ / 2) return;
    history_.resize(expected_);
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
  if (++events_ < kEventsPerGeneration * expected_) return;
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
