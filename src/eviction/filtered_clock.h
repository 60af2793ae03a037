// The eviction policy of a memory shard: a small FIFO window in front of a CLOCK, with the
// frequency of past use deciding who passes from one to the other. Used by memory/, one policy per
// shard, and by tools that replay a bare policy.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call; readers may set
// an entry's reference bit (mark_used) at any time without it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "eviction/clock_ring.h"
#include "eviction/frequency_history.h"

namespace larder::eviction {

// `Nodes` offers `PolicyLinks& policy_links(Ref)` and `std::uint64_t hash_of(Ref)`.
///
// States of an entry: in no queue; in the window (a twentieth of all entries, where it is born); in
// main. A hit sets a bit and nothing else. An insertion counts; a hand that meets a set bit clears
// it and counts: what is counted is rounds with use, so that a burst counts once. Counts are kept
// in the entries, and in a history of keys that have left; they are halved after every ten counted
// events per entry of capacity. Counting begins when the cache is half full: what fills an empty
// cache tells little about what is used again, and a shard that never fills needs no memory for a
// history.
//
// Who is evicted, once the window has more than its share: the window's oldest entry, when used,
// moves to main; when not, it contests the entry under main's hand and takes its place only if it
// was counted more often before its last insertion. With a window within its share main's hand
// finds the victim. While the cache fills, the window's surplus moves to main without a contest.
//
// Bounds: one call of evict_candidate() passes over at most kMaxSteps entries per queue, then its
// hand gives no further second chance.
class FilteredClock {
 public:
  static constexpr std::size_t kUnbounded = ~std::size_t{0};
  static constexpr std::size_t kWindowDivisor = 20;
  static constexpr std::size_t kMaxSteps = 256;

  // How many entries the shard holds when full, as far as that is known: it says when counting
  // begins, how much is remembered, how fast it ages. kUnbounded when there is no limit, or one in
  // bytes alone. When entries are evicted at another size, that size counts from then on.
  explicit FilteredClock(std::size_t capacity_entries)
      : expected_(std::max<std::size_t>(1, capacity_entries)) {}

  // Another capacity. The caller evicts what is too much.
  void resize(std::size_t capacity_entries);

  template <class Nodes>
  void on_insert(Nodes& nodes, Ref ref) {
    PolicyLinks& links = nodes.policy_links(ref);
    links.queue = kWindow;
    links.referenced.store_relaxed(0);
    begin_count(links, nodes.hash_of(ref));
    window_.push(nodes, ref);
    // Two, so that a window left too large by erasures comes back to its share.
    for (int i = 0; i < 2 && size() < filling_below_ && window_.size() > window_share(); ++i) {
      to_main(nodes, window_.hand());
    }
  }

  // For an evicted entry as for any other that leaves.
  template <class Nodes>
  void on_erase(Nodes& nodes, Ref ref) {
    PolicyLinks& links = nodes.policy_links(ref);
    queue_of(links).remove(nodes, ref);
    links.queue = 0;
    history_.put(nodes.hash_of(ref), count_of(links));
  }

  // An overwrite: `now` stands where `old` stood, and was used.
  template <class Nodes>
  void on_replace(Nodes& nodes, Ref old, Ref now) {
    PolicyLinks& from = nodes.policy_links(old);
    PolicyLinks& to = nodes.policy_links(now);
    queue_of(from).replace(nodes, old, now);
    to.queue = std::exchange(from.queue, std::uint8_t{0});
    to.count = from.count;
    to.generation = from.generation;
    to.referenced.store_relaxed(1);
  }

  template <class Nodes>
  void on_hit(Nodes& nodes, Ref ref) {
    mark_used(nodes.policy_links(ref));
  }

  // Who should go, without removing it: the caller removes it with on_erase(). Never `protect`;
  // kNoRef when there is nobody else.
  template <class Nodes>
  Ref evict_candidate(Nodes& nodes, Ref protect) {
    note_full();
    for (std::size_t steps = 0; window_.size() > window_share() && steps < kMaxSteps; ++steps) {
      const Ref oldest = window_.hand();
      if (oldest == protect) break;
      if (take_used(nodes.policy_links(oldest))) {
        count_round(nodes.policy_links(oldest));
        to_main(nodes, oldest);
        continue;
      }
      const Ref rival = sweep(nodes, main_, protect);
      if (rival == kNoRef || !wins(nodes.policy_links(oldest), nodes.policy_links(rival))) {
        return oldest;
      }
      to_main(nodes, oldest);
      return rival;
    }
    // Where main's hand found nothing unused in its round, the window may have something.
    const Ref victim = sweep(nodes, main_, protect);
    if (victim != kNoRef && !is_used(nodes.policy_links(victim))) return victim;
    const Ref newer = sweep(nodes, window_, protect);
    if (newer != kNoRef && (victim == kNoRef || !is_used(nodes.policy_links(newer)))) return newer;
    return victim;
  }

  std::size_t size() const { return window_.size() + main_.size(); }
  std::size_t window_size() const { return window_.size(); }
  std::size_t bytes() const { return history_.bytes(); }

  // The first structural fault found, if any.
  template <class Nodes>
  std::optional<std::string> validate(Nodes& nodes) const {
    const auto in = [&nodes](std::uint8_t queue) {
      return [&nodes, queue](Ref ref) { return nodes.policy_links(ref).queue == queue; };
    };
    if (auto fault = window_.validate(nodes, in(kWindow))) return "window: " + *fault;
    if (auto fault = main_.validate(nodes, in(kMain))) return "main: " + *fault;
    return std::nullopt;
  }

 private:
  // PolicyLinks::queue
  static constexpr std::uint8_t kWindow = 1;
  static constexpr std::uint8_t kMain = 2;

  static constexpr std::uint64_t kEventsPerGeneration = 10;  // for each entry of capacity

  void expect(std::size_t entries);
  void note_full();
  void begin_count(PolicyLinks& links, std::uint64_t hash);
  void count_round(PolicyLinks& links);
  void count_event();
  // As of now, after ageing.
  unsigned count_of(const PolicyLinks& links) const;
  bool wins(const PolicyLinks& candidate, const PolicyLinks& rival) const;

  std::size_t window_share() const { return std::max<std::size_t>(1, size() / kWindowDivisor); }

  ClockRing& queue_of(const PolicyLinks& links) {
    CHECK(links.queue == kWindow || links.queue == kMain);
    return links.queue == kWindow ? window_ : main_;
  }

  template <class Nodes>
  void to_main(Nodes& nodes, Ref ref) {
    window_.remove(nodes, ref);
    nodes.policy_links(ref).queue = kMain;
    main_.push(nodes, ref);
  }

  // Moves the hand to an entry that was not used since it came by last, or to the end of its
  // patience, and returns that entry; it stays under the hand.
  template <class Nodes>
  Ref sweep(Nodes& nodes, ClockRing& ring, Ref protect) {
    if (ring.size() == 0) return kNoRef;
    const std::size_t patience = std::min(ring.size(), kMaxSteps);
    for (std::size_t steps = 0; steps < patience; ++steps, ring.advance(nodes)) {
      const Ref ref = ring.hand();
      if (ref == protect) continue;
      if (!take_used(nodes.policy_links(ref))) return ref;
      count_round(nodes.policy_links(ref));
    }
    if (ring.hand() == protect) ring.advance(nodes);
    return ring.hand() == protect ? kNoRef : ring.hand();
  }

  std::size_t expected_;  // entries when full; kUnbounded as long as that is not known
  // With fewer entries the cache is filling: until the first eviction always, then when it has lost
  // an eighth of what it held at the last one. By entries, because a limit in bytes has no
  // capacity.
  std::size_t filling_below_ = kUnbounded;
  ClockRing window_;
  ClockRing main_;
  FrequencyHistory history_;
  std::uint64_t events_ = 0;  // counted in this generation
};

}  // namespace larder::eviction
