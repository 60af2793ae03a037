// What every eviction policy is built from: the links that an entry embeds, its reference bit, and
// a ring of entries with a hand. Used inside eviction/, and by memory/ which embeds the links.
//
// Thread safety: none of its own, the caller holds the shard's lock; the reference bit alone may be
// set by any reader (mark_used).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/atomic.h"
#include "base/check.h"

namespace larder::eviction {

using Ref = std::uint32_t;
inline constexpr Ref kNoRef = 0;

// Embedded in every entry. While the entry is in no policy, the links and the queue are 0.
struct PolicyLinks {
  // guarded by the shard's lock
  Ref prev = kNoRef;
  Ref next = kNoRef;
  std::uint8_t queue = 0;       // which queue of the policy; 0: none
  std::uint8_t count = 0;       // what the policy counts of this entry
  std::uint8_t generation = 0;  // when it counted last, in its own measure of age
  // atomics
  // Role: "used since a hand came by"; a hint that readers set, relaxed throughout.
  base::Atomic<std::uint8_t> referenced{0};
};

inline bool is_used(const PolicyLinks& links) { return links.referenced.load_relaxed() != 0; }

// A read hit. Stores nothing when the bit is set already, so that a hot entry's line stays shared.
inline void mark_used(PolicyLinks& links) {
  if (!is_used(links)) links.referenced.store_relaxed(1);
}

// Reads and clears the reference bit.
inline bool take_used(PolicyLinks& links) {
  if (!is_used(links)) return false;
  links.referenced.store_relaxed(0);
  return true;
}

// A circular doubly linked list with a hand: a FIFO whose oldest entry is under the hand, and a
// CLOCK, whose second chance is one step of the hand without a write to any entry.
// `Nodes` offers `PolicyLinks& policy_links(Ref)`.
class ClockRing {
 public:
  Ref hand() const { return hand_; }
  std::size_t size() const { return size_; }

  // Behind the hand: the hand comes by here last.
  template <class Nodes>
  void push(Nodes& nodes, Ref ref) {
    PolicyLinks& links = nodes.policy_links(ref);
    if (hand_ == kNoRef) {
      links.prev = links.next = hand_ = ref;
    } else {
      PolicyLinks& oldest = nodes.policy_links(hand_);
      links.next = hand_;
      links.prev = oldest.prev;
      nodes.policy_links(oldest.prev).next = ref;
      oldest.prev = ref;
    }
    ++size_;
  }

  template <class Nodes>
  void remove(Nodes& nodes, Ref ref) {
    PolicyLinks& links = nodes.policy_links(ref);
    if (--size_ == 0) {
      hand_ = kNoRef;
    } else {
      nodes.policy_links(links.prev).next = links.next;
      nodes.policy_links(links.next).prev = links.prev;
      if (hand_ == ref) hand_ = links.next;
    }
    links.prev = links.next = kNoRef;
  }

  // `now` takes the place of `old`.
  template <class Nodes>
  void replace(Nodes& nodes, Ref old, Ref now) {
    PolicyLinks& from = nodes.policy_links(old);
    PolicyLinks& to = nodes.policy_links(now);
    if (from.next == old) {
      to.prev = to.next = now;
    } else {
      to.prev = from.prev;
      to.next = from.next;
      nodes.policy_links(to.prev).next = now;
      nodes.policy_links(to.next).prev = now;
    }
    if (hand_ == old) hand_ = now;
    from.prev = from.next = kNoRef;
  }

  // One step of the hand; the ring must not be empty.
  template <class Nodes>
  void advance(Nodes& nodes) {
    hand_ = nodes.policy_links(hand_).next;
  }

  // The ring's links and count, and `belongs(ref)` for each entry.
  template <class Nodes, class Belongs>
  std::optional<std::string> validate(Nodes& nodes, Belongs&& belongs) const {
    if ((hand_ == kNoRef) != (size_ == 0)) return "hand and size disagree";
    Ref ref = hand_;
    for (std::size_t i = 0; i < size_; ++i) {
      const PolicyLinks& links = nodes.policy_links(ref);
      const std::string where = "entry " + std::to_string(ref) + ": ";
      if (links.next == kNoRef) return where + "no next entry";
      if (nodes.policy_links(links.next).prev != ref) return where + "broken back link";
      if (!belongs(ref)) return where + "marked as of another queue";
      ref = links.next;
      if (ref == hand_ && i + 1 != size_) return "ring shorter than its size";
    }
    if (ref != hand_) return "ring longer than its size";
    return std::nullopt;
  }

 private:
  Ref hand_ = kNoRef;
  std::size_t size_ = 0;
};

}  // namespace larder::eviction
