// Three static FIFO queues: a small one for newcomers, a main one, and a queue of keys that left
// the small one unused. Used by tests and by tools that replay a bare policy.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call, on_hit()
// included, which counts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "eviction/clock_ring.h"

namespace larder::eviction {

// The hashes of the last keys that were put in; a key that comes twice counts as the later one.
class GhostQueue {
 public:
  explicit GhostQueue(std::size_t capacity) : capacity_(capacity) {}

  void resize(std::size_t capacity);
  void put(std::uint64_t hash);
  // True when the key was there; it is forgotten.
  bool take(std::uint64_t hash);
  std::size_t bytes() const;

 private:
  void trim();

  struct Put {
    std::uint64_t hash;
    std::uint64_t number;
  };

  std::size_t capacity_;
  std::uint64_t puts_ = 0;
  std::deque<Put> order_;  // bound: capacity_; what was taken or put again stays until it is oldest
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_;  // of the latest put of each hash
};

// The same shape as FilteredClock. Hits count up to three in PolicyLinks::count. Main has nine
// tenths of the capacity; while it has no more, the small queue gives way: its oldest moves to main
// when it was hit at least twice, and else leaves into the ghosts. An insertion of a ghost goes
// straight to main. Main's oldest gets as many more rounds as it has hits, but a call of
// evict_candidate() ends after one full round.
class S3Fifo {
 public:
  explicit S3Fifo(std::size_t capacity_entries)
      : capacity_(capacity_entries), ghosts_(capacity_entries - capacity_entries / 10) {}

  void resize(std::size_t capacity_entries) {
    capacity_ = capacity_entries;
    ghosts_.resize(capacity_entries - capacity_entries / 10);
  }

  template <class Nodes>
  void on_insert(Nodes& nodes, Ref ref) {
    PolicyLinks& links = nodes.policy_links(ref);
    links.count = 0;
    links.queue = ghosts_.take(nodes.hash_of(ref)) ? kMain : kSmall;
    queue_of(links).push(nodes, ref);
  }

  template <class Nodes>
  void on_erase(Nodes& nodes, Ref ref) {
    PolicyLinks& links = nodes.policy_links(ref);
    if (ref == candidate_ && links.queue == kSmall) ghosts_.put(nodes.hash_of(ref));
    if (ref == candidate_) candidate_ = kNoRef;
    queue_of(links).remove(nodes, ref);
    links.queue = 0;
  }

  template <class Nodes>
  void on_replace(Nodes& nodes, Ref old, Ref now) {
    PolicyLinks& from = nodes.policy_links(old);
    PolicyLinks& to = nodes.policy_links(now);
    queue_of(from).replace(nodes, old, now);
    to.queue = from.queue;
    to.count = from.count;
    from.queue = 0;
    if (candidate_ == old) candidate_ = kNoRef;
    on_hit(nodes, now);
  }

  template <class Nodes>
  void on_hit(Nodes& nodes, Ref ref) {
    std::uint8_t& count = nodes.policy_links(ref).count;
    count = static_cast<std::uint8_t>(std::min(count + 1, 3));
  }

  template <class Nodes>
  Ref evict_candidate(Nodes& nodes, Ref protect) {
    candidate_ = kNoRef;
    if (main_.size() <= capacity_ - capacity_ / 10) candidate_ = from_small(nodes, protect);
    if (candidate_ == kNoRef) candidate_ = from_main(nodes, protect);
    if (candidate_ == kNoRef) candidate_ = from_small(nodes, protect);
    if (candidate_ == kNoRef) candidate_ = from_main(nodes, protect);  // what small has moved there
    return candidate_;
  }

  std::size_t size() const { return small_.size() + main_.size(); }
  std::size_t bytes() const { return ghosts_.bytes(); }

  template <class Nodes>
  std::optional<std::string> validate(Nodes& nodes) const {
    const auto in = [&nodes](std::uint8_t queue) {
      return [&nodes, queue](Ref ref) { return nodes.policy_links(ref).queue == queue; };
    };
    if (auto fault = small_.validate(nodes, in(kSmall))) return "small: " + *fault;
    if (auto fault = main_.validate(nodes, in(kMain))) return "main: " + *fault;
    return std::nullopt;
  }

 private:
  // PolicyLinks::queue
  static constexpr std::uint8_t kSmall = 1;
  static constexpr std::uint8_t kMain = 2;

  ClockRing& queue_of(const PolicyLinks& links) {
    CHECK(links.queue == kSmall || links.queue == kMain);
    return links.queue == kSmall ? small_ : main_;
  }

  template <class Nodes>
  Ref from_small(Nodes& nodes, Ref protect) {
    for (std::size_t left = small_.size(); left > 0; --left) {
      const Ref ref = small_.hand();
      PolicyLinks& links = nodes.policy_links(ref);
      if (ref == protect) {
        small_.advance(nodes);
      } else if (links.count >= 2) {
        small_.remove(nodes, ref);
        links.queue = kMain;
        links.count = 0;
        main_.push(nodes, ref);
      } else {
        return ref;
      }
    }
    return kNoRef;
  }

  template <class Nodes>
  Ref from_main(Nodes& nodes, Ref protect) {
    for (std::size_t left = main_.size(); left > 0; --left, main_.advance(nodes)) {
      const Ref ref = main_.hand();
      if (ref == protect) continue;
      std::uint8_t& count = nodes.policy_links(ref).count;
      if (count == 0) return ref;
      --count;
    }
    if (main_.hand() == protect && main_.size() > 0) main_.advance(nodes);
    return main_.hand() == protect ? kNoRef : main_.hand();
  }

  std::size_t capacity_;
  ClockRing small_;
  ClockRing main_;
  GhostQueue ghosts_;
  Ref candidate_ = kNoRef;  // the last answer of evict_candidate()
};

}  // namespace larder::eviction
