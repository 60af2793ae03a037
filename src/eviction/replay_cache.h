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

// Unit sizes, split by hash into shards of (nearly) equal capacity, each with a policy of its own.
template <class Policy>
class ReplayCache {
 public:
  ReplayCache(std::size_t capacity, std::size_t shard_count) {
    for (std::size_t i = 0; i < shard_count; ++i) {
      shards_.push_back(
          std::make_unique<Shard>(capacity * (i + 1) / shard_count - capacity * i / shard_count));
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
    explicit Shard(std::size_t capacity) : capacity_(capacity), policy_(capacity) {
      nodes_.nodes.resize(1);  // reference 0 is none
    }

    bool access(std::uint64_t key, std::uint64_t hash) {
      if (const auto found = index_.find(key); found != index_.end()) {
        policy_.on_hit(nodes_, found->second);
        return true;
      }
      Ref ref;
      if (free_.empty()) {
        ref = static_cast<Ref>(nodes_.nodes.size());
        nodes_.nodes.emplace_back();
      } else {
        ref = free_.back();
        free_.pop_back();
      }
      nodes_.nodes[ref].key = key;
      nodes_.nodes[ref].hash = hash;
      index_.emplace(key, ref);
      policy_.on_insert(nodes_, ref);
      while (index_.size() > capacity_) {
        Ref victim = policy_.evict_candidate(nodes_, ref);
        if (victim == kNoRef) victim = ref;  // a shard without any room
        index_.erase(nodes_.nodes[victim].key);
        policy_.on_erase(nodes_, victim);
        free_.push_back(victim);
      }
      return false;
    }

    std::optional<std::string> validate() {
      if (policy_.size() != index_.size()) return "the policy lost count";
      return policy_.validate(nodes_);
    }

   private:
    std::size_t capacity_;
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
