// Store: the memory engine's data and every step on it that must be atomic: lookups without a
// lock, conditional commits, removals, room, sweeps. Knows no operations, loads or threads; the
// engine builds those on it.
//
// Thread safety: every public member from any thread, with no shard lock held, except those named
// `_locked`, whose caller holds the lock of the shard given. User code (hooks, destructors) runs
// only in announce() and in the limbo, with no lock held.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "flight/fence_log.h"
#include "index/term_index.h"
#include "larder/options.h"
#include "memory/budget.h"
#include "memory/draft.h"
#include "memory/removals.h"
#include "memory/shard.h"
#include "memory/tally.h"
#include "sync/limbo.h"

namespace larder::memory {

// A key with its hash and its shard.
struct KeySpot {
  std::string_view key;
  std::uint64_t hash;
  Shard* shard;
};

// When a commit may go through.
struct Condition {
  enum class Kind : std::uint8_t {
    always,
    absent,
    present,
    version,  // the entry has this version; absent with Version::absent()
    node,     // the entry is this very node; kNoRef: absent
    flight,   // this load is still attached, and no term of the value was erased since it began
    prepaid,  // always: the room that it takes was found before, whatever the limits are by now
  };
  Kind kind = Kind::always;
  Version version{};
  Ref node = kNoRef;
  flight::Flight* flight = nullptr;
};

enum class Commit : std::uint8_t {
  stored,
  refused,    // the condition does not hold
  cleared,    // of a rename: a clear that is under way took the source
  full,       // no room, and eviction is off
  too_large,  // heavier than the byte limit
  closed,     // the store was emptied for good
};

class Store {
 public:
  Store(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // reads: no lock
  [[nodiscard]] KeySpot spot(std::string_view key) const noexcept;
  // The live entry, counted as a use; inside a read section. Null: a miss. A rename under way sets
  // `ask`: then only get_locked() knows.
  [[nodiscard]] Node* get(const KeySpot& spot, bool& ask) const noexcept;
  // The same without counting a use.
  [[nodiscard]] Node* find(const KeySpot& spot, bool& ask) const noexcept;
  // The live entry, whatever happens around it; takes the lock if it must. In a read section.
  [[nodiscard]] Node* settle(const KeySpot& spot, bool use) const noexcept;
  void prefetch(const KeySpot& spot) const noexcept { spot.shard->table.prefetch(spot.hash); }
  void prefetch_node(const KeySpot& spot) const noexcept;
  void note_access(Node& node) const noexcept;
  // What is known of the live entry; false: there is none. No use.
  bool describe(const KeySpot& spot, EntryMetadata& metadata);

  // writes
  // Stores the draft if `condition` holds, evicting or sweeping for room where it must.
  Commit commit(const KeySpot& spot, const Condition& condition, Draft& draft);
  // The same for all of `drafts` or none: for batches that must not be half stored.
  Commit commit_all(std::span<const KeySpot> spots, std::span<Draft> drafts);
  // Removes the live entry (if it is `only`, where given); whether there was one.
  bool erase(const KeySpot& spot, RemovalCause cause, Ref only = kNoRef);
  // An erase where nothing lives: loads that began before it cannot publish. False: something does.
  bool erase_nothing(const KeySpot& spot);
  // Changes the expiry in place; false: no live entry.
  bool touch(const KeySpot& spot, Ttl ttl);
  // Replaces the tags; false: no live entry. `tags` sorted and distinct.
  bool set_tags(const KeySpot& spot, std::span<const std::string_view> tags, Version& version);
  // Moves the entry `only` to another key; `draft` shows its value under the new key.
  Commit rename(const KeySpot& from, const KeySpot& to, Ref only, Draft& draft);

  // under a shard's lock
  // What lives at the key; an entry that is over expires here. `now_ns` of this operation.
  [[nodiscard]] Ref live_locked(const KeySpot& spot, std::int64_t now_ns, Removals& removals)
      LARDER_REQUIRES(spot.shard->mutex);
  [[nodiscard]] Ref live_locked(const KeySpot& spot, Removals& removals)
      LARDER_REQUIRES(spot.shard->mutex) {
    return live_locked(spot, clock_.now_ns(), removals);
  }
  void unlink_locked(Shard& shard, Ref ref, RemovalCause cause, Removals& removals)
      LARDER_REQUIRES(shard.mutex);
  // Expires what is due; whether more is.
  bool sweep_locked(Shard& shard, std::int64_t now_ns, std::size_t budget, Removals& removals)
      LARDER_REQUIRES(shard.mutex);
  // The entry's own Terms, made where there were none; marks its life.
  Terms& terms_locked(Shard& shard, Node& node) LARDER_REQUIRES(shard.mutex);
  void add_term_locked(Shard& shard, Ref ref, Term term) LARDER_REQUIRES(shard.mutex);
  // Undoes a binding; the term stays where it is of the value too. False: it was not bound.
  bool unbind_term_locked(Shard& shard, Ref ref, std::uint32_t index, std::string_view text)
      LARDER_REQUIRES(shard.mutex);

  // Tells on_removal and hands the entries to the limbo. No lock held.
  void announce(Removals& removals) noexcept;
  // Drops everything, without news of it, and takes nothing more: the cache is closing.
  void drop_all() noexcept;
  // One round of housekeeping over all shards, within the settings' budgets.
  void sweep();
  // Evicts until the limits hold.
  void shrink();
  void resize(std::size_t max_entries, std::size_t max_bytes);
  // Frees what no reader can hold any more; `wait`: all of it.
  void collect(bool wait) noexcept;

  // The address alone; what is there is guarded by the shard's lock.
  [[nodiscard]] static flight::FlightTable* flights_of(Shard& shard) noexcept
      LARDER_NO_THREAD_SAFETY_ANALYSIS {
    return &shard.flights;
  }
  [[nodiscard]] std::size_t max_entries() const noexcept { return budget_.max_entries(); }
  [[nodiscard]] std::size_t max_bytes() const noexcept { return budget_.max_bytes(); }
  [[nodiscard]] std::span<const std::unique_ptr<Shard>> shards() const noexcept { return shards_; }
  [[nodiscard]] Nodes& nodes() const noexcept { return *nodes_; }
  [[nodiscard]] indexes::TermIndex& terms() noexcept { return terms_; }
  [[nodiscard]] flight::FenceLog& fences() noexcept { return fences_; }
  [[nodiscard]] const CacheTraits& traits() const noexcept { return *traits_; }
  [[nodiscard]] const CacheSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] const base::FastClock& clock() const noexcept { return clock_; }
  [[nodiscard]] Tally& tally() const noexcept { return tally_; }
  [[nodiscard]] const std::vector<std::uint32_t>& declared() const noexcept { return declared_; }
  [[nodiscard]] std::optional<Timestamp> timestamp(std::int64_t at_ns) const noexcept;
  void collect(Stats& stats) const;
  [[nodiscard]] std::string validate() const;

 private:
  enum class Room : std::uint8_t { yes, no, elsewhere };

  [[nodiscard]] Ref probe(const KeySpot& spot) const noexcept;
  [[nodiscard]] bool holds_locked(const Condition& condition, Ref old) const;
  Commit commit_locked(const KeySpot& spot, const Condition& condition, Draft& draft,
                       std::int64_t now_ns, Prepaid& prepaid, Removals& removals, Room& room,
                       Ref& old) LARDER_REQUIRES(spot.shard->mutex);
  void publish_locked(const KeySpot& spot, Draft& draft, Ref old, Removals& removals)
      LARDER_REQUIRES(spot.shard->mutex);
  void prefetch_neighbours_locked(Shard& shard, Ref old) const noexcept
      LARDER_REQUIRES(shard.mutex);
  void prepare_locked(const KeySpot& spot, Draft& draft, Ref old, std::int64_t now_ns)
      LARDER_REQUIRES(spot.shard->mutex);
  void enter_terms(Draft& draft, const Node* before);
  void discard_indexed(Draft& draft) noexcept;
  bool fenced(const flight::Flight& flight, const Node& node) const;
  Room reserve_locked(Shard& shard, bool entry, std::size_t more, Ref protect, bool may_evict,
                      Prepaid& prepaid, Removals& removals) LARDER_REQUIRES(shard.mutex);
  bool make_room(std::size_t first_shard, std::size_t bytes, Ref protect, Prepaid& prepaid,
                 Removals& removals);
  bool look_for_room(std::size_t first_shard, std::size_t bytes, Ref protect, Prepaid& prepaid,
                     Removals& removals);
  Commit commit_all_once(std::span<const KeySpot> spots, std::span<Draft> drafts,
                         std::span<Shard* const> shards, Removals& removals);
  Commit prepay_all(std::span<const KeySpot> spots, std::span<Draft> drafts, std::int64_t now_ns,
                    Prepaid& prepaid, Removals& removals);
  Commit give_back(Prepaid& prepaid);
  bool sweep_due(std::int64_t now_ns, Removals& removals);
  void insert_locked(const KeySpot& spot, Ref ref, Removals& removals)
      LARDER_REQUIRES(spot.shard->mutex);
  void replace_locked(const KeySpot& spot, Ref old, Ref now, Removals& removals)
      LARDER_REQUIRES(spot.shard->mutex);
  // Takes an entry out of everything but the budget.
  void detach_locked(Shard& shard, Ref ref, RemovalCause cause, Removals& removals)
      LARDER_REQUIRES(shard.mutex);
  Commit rename_locked(const KeySpot& from, const KeySpot& to, Ref only, Draft& draft,
                       Prepaid& prepaid, Removals& removals, Room& room);
  void move_entry_locked(const KeySpot& from, const KeySpot& to, Ref source, Ref old, Draft& draft,
                         Removals& removals);
  void copy_access(Node& from, Node& to) const noexcept;
  void replace_tags_locked(Shard& shard, Ref ref, std::span<const std::string_view> tags)
      LARDER_REQUIRES(shard.mutex);
  void sweep_unwanted(std::int64_t end_ns);
  void lower_next_due(std::int64_t at_ns) noexcept;
  // Takes the entry's terms out of the index; the entry keeps its own list.
  void drop_terms_locked(Shard& shard, Ref ref) LARDER_REQUIRES(shard.mutex);
  void schedule_locked(Shard& shard, Ref ref) LARDER_REQUIRES(shard.mutex);
  [[nodiscard]] std::int64_t expiry_ns(Ttl ttl, const Node* old,
                                       std::int64_t now_ns) const noexcept;
  [[nodiscard]] std::uint64_t next_version_locked(Shard& shard) LARDER_REQUIRES(shard.mutex);
  void retire(std::uint64_t token) noexcept;
  void describe_locked(Shard& shard, Node& node, EntryMetadata& metadata) const
      LARDER_REQUIRES(shard.mutex);
  [[nodiscard]] std::string validate_all_locked() const;
  [[nodiscard]] std::string validate_locked(Shard& shard, std::size_t& entries,
                                            std::size_t& bytes) const LARDER_REQUIRES(shard.mutex);

  // constant after construction
  const CacheSettings settings_;
  const std::shared_ptr<const CacheTraits> traits_;
  const base::FastClock clock_;
  Nodes* const nodes_;
  std::vector<std::unique_ptr<Shard>> shards_;
  int shard_bits_ = 0;
  std::vector<std::uint32_t> declared_;  // ids of traits_->indexes
  // own synchronisation
  indexes::TermIndex terms_;
  std::vector<indexes::IndexPin> pins_;  // of the tags and the declared indexes; constant
  flight::FenceLog fences_;
  Budget budget_;
  sync::Limbo limbo_;
  alignas(base::kCacheLine) mutable Tally tally_;  // apart from what writers write
  // atomics
  // No entry is due before this instant. Lowered when an earlier one is scheduled, raised by
  // sweep_due(); relaxed: a late look costs a lap, and shards are swept under their locks.
  base::Atomic<std::int64_t> next_due_ns_{kNeverNs};
  // Shards where the next round of housekeeping begins, so that rounds that run out of time do not
  // always look at the same ones; relaxed: any of them will do.
  base::Atomic<std::size_t> sweep_from_{0};
  base::Atomic<std::size_t> unwanted_from_{0};
};

// The way of a read, inline: it is what a hit costs.

inline KeySpot Store::spot(std::string_view key) const noexcept {
  const std::uint64_t hash = nodes_->hash(key);
  // In two steps, for one shard would ask for a shift by the whole width.
  return {key, hash, shards_[(hash >> 1) >> (63 - shard_bits_)].get()};
}

inline Ref Store::probe(const KeySpot& spot) const noexcept {
  return spot.shard->table.find(spot.hash,
                                [&](Ref ref) { return nodes_->at(ref).has_key(spot.key); });
}

inline Node* Store::find(const KeySpot& spot, bool& ask) const noexcept {
  const Ref ref = probe(spot);
  if (ref == kNoRef) return nullptr;
  Node& node = nodes_->at(ref);
  // Pairs with the stores of rename(): who sees the entry before the rename ends, asks.
  if ((node.version.load_acquire() & Node::kMoving) != 0) [[unlikely]] {
    ask = true;
    return nullptr;
  }
  const std::int64_t expires_at_ns = node.expires_at_ns.load_relaxed();
  if (expires_at_ns != kNeverNs && expires_at_ns <= clock_.tick_ns()) return nullptr;
  return &node;
}

inline Node* Store::get(const KeySpot& spot, bool& ask) const noexcept {
  Node* const node = find(spot, ask);
  if (node != nullptr) {
    eviction::mark_used(node->policy);
    if (settings_.track_access) note_access(*node);
  }
  return node;
}

}  // namespace larder::memory
