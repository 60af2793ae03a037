// A cache of keys alone around a bare eviction policy: what replaying a recorded stream needs. Used
// by tests of policies and by tools that compare them.
//
// Thread safety: none; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "eviction/clock_ring.h"

namespace larder::eviction {

struct ReplaySetup {
  std::size_t capacity;
  std::size_t shard_count = 1;
  double capacity_hint = 1.0;  // what the policy is told, as a multiple of the truth
  bool evicts_first = false;   // makes room before it inserts, rather than after
};

// Unit sizes, split by hash into shards of (nearly) equal capacity, each with a policy of its own.
template <class Policy>
class ReplayCache {
 public:
  explicit ReplayCache(const ReplaySetup& setup) {
    for (std::size_t i = 0; i < setup.shard_count; ++i) {
      const std::size_t capacity =
          setup.capacity * (i + 1) / setup.shard_count - setup.capacity * i / setup.shard_count;
      shards_.push_back(std::make_unique<Shard>(capacity, setup));
    }
  }

  // One request of a key, by get and on a miss insert. Returns whether it was a hit.
  bool access(std::uint64_t key) {
    const std::uint64_t hash = base::mix64(key + kSeed);
    Shard& shard = *shards_[(hash >> 32) * shards_.size() >> 32];
    const bool hit = shard.access(key, hash);
    ++requests_;
    hits_ += hit ? 1 : 0;
    return hit;
  }

  double hit_percent() const {
    return requests_ == 0 ? 0 : 100.0 * static_cast<double>(hits_) / static_cast<double>(requests_);
  }

  std::optional<std::string> validate() {
    for (auto& shard : shards_) {
      if (auto fault = shard->validate()) return fault;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::uint64_t kSeed = 0x5eed;

  struct Node {
    std::uint64_t key = 0;
    std::uint64_t hash = 0;
    PolicyLinks links;
  };

  struct Nodes {
    std::deque<Node> nodes;
    PolicyLinks& policy_links(Ref ref) { return nodes[ref].links; }
    std::uint64_t hash_of(Ref ref) { return nodes[ref].hash; }
  };

  class Shard {
   public:
    Shard(std::size_t capacity, const ReplaySetup& setup)
        : capacity_(capacity),
          evicts_first_(setup.evicts_first),
          policy_(static_cast<std::size_t>(static_cast<double>(capacity) * setup.capacity_hint)) {
      nodes_.nodes.resize(1);  // reference 0 is none
    }

    bool access(std::uint64_t key, std::uint64_t hash) {
      if (const auto found = index_.find(key); found != index_.end()) {
        policy_.on_hit(nodes_, found->second);
        return true;
      }
      if (evicts_first_) evict_down_to(capacity_ - 1, kNoRef);
      const Ref ref = make_node(key, hash);
      index_.emplace(key, ref);
      policy_.on_insert(nodes_, ref);
      evict_down_to(capacity_, ref);
      return false;
    }

    std::optional<std::string> validate() {
      if (policy_.size() != index_.size()) return "the policy lost count";
      return policy_.validate(nodes_);
    }

   private:
    Ref make_node(std::uint64_t key, std::uint64_t hash) {
      if (free_.empty()) {
        free_.push_back(static_cast<Ref>(nodes_.nodes.size()));
        nodes_.nodes.emplace_back();
      }
      const Ref ref = free_.back();
      free_.pop_back();
      nodes_.nodes[ref].key = key;
      nodes_.nodes[ref].hash = hash;
      return ref;
    }

    void evict_down_to(std::size_t count, Ref inserted) {
      while (index_.size() > count) {
        Ref victim = policy_.evict_candidate(nodes_, inserted);
        if (victim == kNoRef) victim = inserted;  // a shard without any room
        index_.erase(nodes_.nodes[victim].key);
        policy_.on_erase(nodes_, victim);
        free_.push_back(victim);
      }
    }

    std::size_t capacity_;
    bool evicts_first_;
    Policy policy_;
    Nodes nodes_;
    std::vector<Ref> free_;
    std::unordered_map<std::uint64_t, Ref> index_;
  };

  std::vector<std::unique_ptr<Shard>> shards_;
  std::uint64_t requests_ = 0;
  std::uint64_t hits_ = 0;
};

}  // namespace larder::eviction
