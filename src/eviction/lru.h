// Least recently used, exactly: the yardstick for other policies. Used by tests and by tools that
// replay a bare policy.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call, on_hit()
// included, which moves an entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "eviction/clock_ring.h"

namespace larder::eviction {

// The same shape as FilteredClock. One ring, whose hand stays at the least recently used entry;
// reference bits are not looked at.
class Lru {
 public:
  explicit Lru(std::size_t /*capacity_entries*/) {}

  void resize(std::size_t /*capacity_entries*/) {}

  template <class Nodes>
  void on_insert(Nodes& nodes, Ref ref) {
    nodes.policy_links(ref).queue = kListed;
    ring_.push(nodes, ref);
  }

  template <class Nodes>
  void on_erase(Nodes& nodes, Ref ref) {
    CHECK(nodes.policy_links(ref).queue == kListed);
    nodes.policy_links(ref).queue = 0;
    ring_.remove(nodes, ref);
  }

  template <class Nodes>
  void on_replace(Nodes& nodes, Ref old, Ref now) {
    on_erase(nodes, old);
    on_insert(nodes, now);
  }

  template <class Nodes>
  void on_hit(Nodes& nodes, Ref ref) {
    ring_.remove(nodes, ref);
    ring_.push(nodes, ref);
  }

  template <class Nodes>
  Ref evict_candidate(Nodes& nodes, Ref protect) {
    const Ref oldest = ring_.hand();
    if (oldest != protect || oldest == kNoRef) return oldest;
    const Ref second = nodes.policy_links(oldest).next;
    return second == protect ? kNoRef : second;
  }

  std::size_t size() const { return ring_.size(); }
  std::size_t bytes() const { return 0; }

  template <class Nodes>
  std::optional<std::string> validate(Nodes& nodes) const {
    return ring_.validate(nodes, [&](Ref ref) { return nodes.policy_links(ref).queue == kListed; });
  }

 private:
  static constexpr std::uint8_t kListed = 1;

  ClockRing ring_;
};

}  // namespace larder::eviction
