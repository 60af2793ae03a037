// Nodes: makes and unmakes the entries of one cache, and is what the table, the wheel and the
// policy reach them through. Used by the store.
//
// Thread safety: make*, hold, release from any thread; the hooks of wheel and policy by the holder
// of the shard's lock; the rest as the node's fields say.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/hash.h"
#include "larder/entry.h"
#include "larder/value_ops.h"
#include "memory/arena.h"
#include "memory/node.h"
#include "sync/striped_counter.h"

namespace larder::memory {

// How the entries of a cache are laid out and unmade. Constant.
struct NodeRules {
  const ValueOps* ops = nullptr;
  std::uint64_t hash_seed = 0;
  std::uint64_t version_high = 0;  // the cache's word of all its versions
  bool track_access = false;
  bool wipe = false;
};

// Lives as long as anybody holds it: its store, and each node that was given up while pinned.
class Nodes {
 public:
  // Values larger or stricter than these lie in the heap, beside their node.
  static constexpr std::size_t kMaxInlineBytes = 4096;
  static constexpr std::size_t kMaxInlineAlign = Arena::kGrain;
  static constexpr std::size_t kKeyOffset = sizeof(Node) - sizeof(Node::key_begin);

  // Held once, by the caller, who ends with abandon().
  static Nodes* make(const NodeRules& rules);
  Nodes(const Nodes&) = delete;
  Nodes& operator=(const Nodes&) = delete;
  // The cache has let go of all its nodes; pinned ones keep this object for as long as they live.
  void abandon() noexcept { drop(); }

  // A node in state made. Moves the value out of `value`.
  Ref make(std::string_view key, void* value);
  // A node that shows the value of `owner`, and holds it.
  Ref make_alias(std::string_view key, Ref owner);

  [[nodiscard]] Node& at(Ref ref) const noexcept {
    return *reinterpret_cast<Node*>(arena_.at(ref));
  }
  // The alias `to` stands for the value of `from` from now on. The caller holds the locks of both.
  void hand_over(Node& from, Node& to) noexcept;
  // The maker, or the table after the grace period, lets go.
  void give_up(Ref ref) noexcept;
  // The value, pinned. In a read section, or by somebody who holds the node.
  [[nodiscard]] Pin pin(Node& node) noexcept;

  [[nodiscard]] const void* value(const Node& node) const noexcept {
    if (node.is_alias == 0 && !boxed_) [[likely]]
      return inline_value(node);
    return far_value(node);
  }
  [[nodiscard]] Access& access(Node& node) const noexcept;
  [[nodiscard]] Version version(const Node& node) const noexcept {
    return {rules_.version_high, node.version.load_relaxed() & ~Node::kMoving};
  }
  [[nodiscard]] std::uint64_t hash(std::string_view key) const noexcept {
    return base::hash_bytes(key, rules_.hash_seed);
  }
  [[nodiscard]] const NodeRules& rules() const noexcept { return rules_; }
  [[nodiscard]] std::size_t resident_bytes() const noexcept { return arena_.resident_bytes(); }
  [[nodiscard]] std::uint64_t pinned_bytes() const noexcept { return pinned_bytes_.load_relaxed(); }

  // hooks
  expiry::TimerLinks& timer_links(Ref ref) const noexcept { return at(ref).timer; }
  eviction::PolicyLinks& policy_links(Ref ref) const noexcept { return at(ref).policy; }
  std::int64_t expires_at_ns(Ref ref) const noexcept {
    return at(ref).expires_at_ns.load_relaxed();
  }
  std::uint64_t hash_of(Ref ref) const noexcept { return hash(at(ref).key()); }

 private:
  struct Layout {
    std::size_t value;   // offset of the value, of the box's pointer or of the owner's reference
    std::size_t access;  // offset of Access, or the total without tracking
    std::size_t bytes;
  };

  explicit Nodes(const NodeRules& rules);
  ~Nodes() = default;

  [[nodiscard]] const std::byte* inline_value(const Node& node) const noexcept {
    const std::size_t offset = (kKeyOffset + node.key_bytes + align_mask_) & ~align_mask_;
    return reinterpret_cast<const std::byte*>(&node) + offset;
  }
  [[nodiscard]] const void* far_value(const Node& node) const noexcept;
  [[nodiscard]] Layout layout(std::size_t key_bytes, bool is_alias) const noexcept {
    if (is_alias || !plain_) [[unlikely]]
      return far_layout(key_bytes, is_alias);
    const std::size_t value = (kKeyOffset + key_bytes + align_mask_) & ~align_mask_;
    const std::size_t end = value + rules_.ops->size_bytes;
    return {value, end, std::max(end, sizeof(Node))};
  }
  // Of an alias, a boxed value, or with access statistics.
  [[nodiscard]] Layout far_layout(std::size_t key_bytes, bool is_alias) const noexcept;
  Node& begin(std::string_view key, bool is_alias, Ref& ref);
  [[nodiscard]] std::byte* payload(const Node& node) const noexcept;
  void release(Node& node) noexcept;
  void destroy(Node& node) noexcept;
  void destroy_value(Node& node) noexcept;
  void uncover(Node& owner) noexcept;
  static void release_pin(void* owner, const void* node) noexcept;
  void hold() noexcept { holders_.add_relaxed(1); }
  void drop() noexcept;

  // constant after construction
  const NodeRules rules_;
  const std::size_t align_mask_;  // of the value's alignment
  const bool boxed_;              // values lie in the heap
  const bool plain_;              // values lie in their nodes, and nothing comes after them
  // own synchronisation
  Arena arena_;
  // atomics
  base::Atomic<std::size_t> holders_{1};  // the cache and every orphan; see drop()
  // Weight of the orphans whose value has no entry any more; a gauge, relaxed.
  base::Atomic<std::uint64_t> pinned_bytes_{0};
};

}  // namespace larder::memory
