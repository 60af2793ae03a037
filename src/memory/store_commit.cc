// Storing entries: the one place where an entry becomes visible, and the search for room.
// Thread safety: see store.h.
//
// One commit under the shard's lock goes: what lives -> condition -> terms into the index -> fence
// -> room -> flights of the key fenced -> publish -> terms of the old entry out of the index. The
// index is a superset throughout: a term is there before its entry and goes after it.
#include <algorithm>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "memory/store.h"
#include "memory/store_limits.h"

namespace larder::memory {

Commit Store::commit(const KeySpot& spot, const Condition& condition, Draft& draft) {
  Prepaid prepaid;
  Removals removals;
  Commit result = Commit::full;
  for (int attempt = 0; attempt < kRoomAttempts; ++attempt) {
    Room room = Room::yes;
    Ref old = kNoRef;
    {
      sync::MutexLock lock(spot.shard->mutex);
      result = commit_locked(spot, condition, draft, clock_.now_ns(), prepaid, removals, room, old);
    }
    if (room == Room::yes) break;
    announce(removals);
    if (!look_for_room(spot.shard->index, draft.weight, old, prepaid, removals)) break;
  }
  budget_.give(prepaid);
  announce(removals);
  discard_indexed(draft);
  if (result == Commit::full || result == Commit::too_large) tally_.add(Tally::kRejected);
  return result;
}

Commit Store::commit_locked(const KeySpot& spot, const Condition& condition, Draft& draft,
                            std::int64_t now_ns, Prepaid& prepaid, Removals& removals, Room& room,
                            Ref& old) {
  // What a load brings is handed to its callers though it comes too late.
  if (spot.shard->closed && condition.kind != Condition::Kind::flight) return Commit::closed;
  old = live_locked(spot, now_ns, removals);
  if (!holds_locked(condition, old) || spot.shard->closed) return Commit::refused;
  if (old != kNoRef) prefetch_neighbours_locked(*spot.shard, old);
  const bool is_paid = condition.kind == Condition::Kind::prepaid;
  if (!is_paid && draft.weight > budget_.max_bytes()) return Commit::too_large;
  Node& node = draft.node();
  prepare_locked(spot, draft, old, now_ns);
  const std::size_t before = old == kNoRef ? 0 : nodes_->at(old).weight;
  const bool fenced_off =
      condition.kind == Condition::Kind::flight && fenced(*condition.flight, node);
  if (!fenced_off) {
    const std::size_t more = node.weight > before ? node.weight - before : 0;
    const bool may_evict =
        settings_.on_full == OnFull::evict && now_ns < next_due_ns_.load_relaxed();
    room = reserve_locked(*spot.shard, old == kNoRef, more, old, may_evict, prepaid, removals);
  }
  if (fenced_off || room != Room::yes) {
    drop_terms_locked(*spot.shard, draft.ref);
    delete std::exchange(node.terms, nullptr);
    return fenced_off ? Commit::refused : Commit::full;
  }
  if (node.weight < before) budget_.give_bytes(before - node.weight);
  publish_locked(spot, draft, old, removals);
  tally_.add(Tally::kStores);
  return Commit::stored;
}

// A draft that was not stored, but in the index for a moment: who found it there may still look.
void Store::discard_indexed(Draft& draft) noexcept {
  if (!draft.made() || !draft.was_indexed) return;
  if (draft.wants_pin) draft.pin = nodes_->pin(draft.node());
  retire(std::exchange(draft.ref, kNoRef));
}

bool Store::holds_locked(const Condition& condition, Ref old) const {
  switch (condition.kind) {
    case Condition::Kind::always:
    case Condition::Kind::prepaid:
      return true;
    case Condition::Kind::absent:
      return old == kNoRef;
    case Condition::Kind::present:
      return old != kNoRef;
    case Condition::Kind::version:
      return condition.version ==
             (old == kNoRef ? Version::absent() : nodes_->version(nodes_->at(old)));
    case Condition::Kind::node:
      return condition.node == old;
    case Condition::Kind::flight:
      return condition.flight->attached;
  }
  return false;
}

// The entries beside `old` in the policy's ring and in the wheel are written when it is replaced:
// asked for together and early, their misses overlap.
void Store::prefetch_neighbours_locked(Shard&, Ref old) const noexcept {
  const Node& node = nodes_->at(old);
  for (const Ref beside : {node.policy.prev, node.policy.next, node.timer.prev, node.timer.next}) {
    if (beside != kNoRef) __builtin_prefetch(&nodes_->at(beside), 1);
  }
}

// Fills in what depends on the entry before.
void Store::prepare_locked(const KeySpot& spot, Draft& draft, Ref old, std::int64_t now_ns) {
  Node& node = draft.node();
  const Node* const before = old == kNoRef ? nullptr : &nodes_->at(old);
  node.version.store_relaxed(next_version_locked(*spot.shard));
  node.expires_at_ns.store_relaxed(expiry_ns(draft.ttl, before, now_ns));
  node.created_ms = static_cast<std::uint64_t>(draft.continues_entry && before != nullptr
                                                   ? before->created_ms
                                                   : clock_.wall_ns(now_ns) / kNsPerMs);
  enter_terms(draft, before);
}

// Those of the draft, and those that the entry before hands on.
void Store::enter_terms(Draft& draft, const Node* before) {
  const Terms* const kept = before == nullptr ? nullptr : before->terms;
  if (kept == nullptr && draft.terms.empty() && draft.tags.empty()) return;
  Node& node = draft.node();
  std::vector<Term> terms = draft.terms;
  const auto add = [&](const Term& term) {
    const auto known = std::ranges::find(terms, term);
    if (known == terms.end()) {
      terms.push_back(term);
    } else {
      known->bound = known->bound || term.bound;
    }
  };
  if (draft.replaces_tags || before == nullptr) {
    for (const std::string_view tag : draft.tags) add({kTags, true, false, tag});
  }
  if (kept != nullptr) {
    for (const Term& term : kept->terms) {
      const bool is_kept_tag = term.index == kTags && !draft.replaces_tags;
      if (term.bound || is_kept_tag) add({term.index, is_kept_tag, term.bound, term.text});
    }
  }
  if (terms.empty() && kept == nullptr) return;
  for (const Term& term : terms) terms_.add(term.index, term.text, draft.ref);
  draft.was_indexed = true;
  node.terms =
      new Terms{kept != nullptr ? kept->life : node.version.load_relaxed(), std::move(terms)};
}

bool Store::fenced(const flight::Flight& flight, const Node& node) const {
  if (!fences_.passed(flight.fence) || node.terms == nullptr) return false;
  return std::ranges::any_of(node.terms->terms, [&](const Term& term) {
    return fences_.is_fenced(flight.fence, term.index, term.text, node.key());
  });
}

// The old entry's terms leave the index after the new entry is visible.
void Store::publish_locked(const KeySpot& spot, Draft& draft, Ref old, Removals& removals) {
  const Ref ref = std::exchange(draft.ref, kNoRef);
  Node& node = nodes_->at(ref);
  spot.shard->flights.fence(spot.key);
  draft.version = nodes_->version(node);
  draft.expires_at_ns = node.expires_at_ns.load_relaxed();
  if (draft.wants_pin) draft.pin = nodes_->pin(node);  // now: the entry may go with the lock
  if (old == kNoRef) {
    insert_locked(spot, ref, removals);
  } else {
    if (draft.continues_entry && settings_.track_access) copy_access(nodes_->at(old), node);
    replace_locked(spot, old, ref, removals);
  }
  schedule_locked(*spot.shard, ref);
}

void Store::replace_locked(const KeySpot& spot, Ref old, Ref now, Removals& removals) {
  spot.shard->table.replace(spot.hash, old, now);
  spot.shard->policy.on_replace(*nodes_, old, now);
  spot.shard->wheel.cancel(*nodes_, old);
  drop_terms_locked(*spot.shard, old);
  tally_.add(RemovalCause::replaced);
  removals.add(old, RemovalCause::replaced);
}

void Store::insert_locked(const KeySpot& spot, Ref ref, Removals& removals) {
  table::Table& table = spot.shard->table;
  if (!table.insert(spot.hash, ref)) {
    removals.add(table.rebuild(table.grown_bucket_count(),
                               [&](Ref other) { return nodes_->hash_of(other); }));
    CHECK(table.insert(spot.hash, ref));
  }
  spot.shard->policy.on_insert(*nodes_, ref);
}

// Takes a slot and bytes: prepaid ones, free ones, or those of this shard's victims.
// `may_evict`: nothing is due, for expired entries go before live ones.
Store::Room Store::reserve_locked(Shard& shard, bool entry, std::size_t more, Ref protect,
                                  bool may_evict, Prepaid& prepaid, Removals& removals) {
  const auto evict_one = [&]() LARDER_REQUIRES(shard.mutex) {
    if (!may_evict) return false;
    const Ref victim = shard.policy.evict_candidate(*nodes_, protect);
    if (victim == kNoRef) return false;
    unlink_locked(shard, victim, RemovalCause::evicted, removals);
    return true;
  };
  bool has_entry = !entry;
  if (!has_entry && prepaid.entries != 0) {
    --prepaid.entries;
    has_entry = true;
  }
  while (!has_entry && !(has_entry = budget_.take_entry())) {  // bound: the shard's entries
    if (!evict_one()) return Room::elsewhere;
  }
  const std::size_t paid = std::min(more, prepaid.bytes);
  prepaid.bytes -= paid;
  while (!budget_.take_bytes(more - paid)) {  // bound: the shard's entries
    if (evict_one()) continue;
    prepaid.bytes += paid;
    prepaid.entries += entry ? 1 : 0;
    return Room::elsewhere;
  }
  return Room::yes;
}

// After a commit that found no room. Where the cache evicts and has nothing left to evict, the room
// is in the hands of other operations that are about to use it: this one gives back what it has
// gathered, so that no two wait for each other's part, and tries again. False: give up.
bool Store::look_for_room(std::size_t first_shard, std::size_t bytes, Ref protect, Prepaid& prepaid,
                          Removals& removals) {
  if (make_room(first_shard, bytes, protect, prepaid, removals)) return true;
  if (settings_.on_full == OnFull::reject) return false;
  budget_.give(std::exchange(prepaid, {}));
  std::this_thread::yield();
  return true;
}

// Room from other shards: expired entries first, then their policies' victims, `protect` apart.
// What it frees is handed over in `prepaid`, so that nobody else takes it. False: there is none to
// be had.
bool Store::make_room(std::size_t first_shard, std::size_t bytes, Ref protect, Prepaid& prepaid,
                      Removals& removals) {
  if (clock_.now_ns() >= next_due_ns_.load_relaxed()) {
    sweep_due(clock_.now_ns(), removals);
    announce(removals);
    return true;
  }
  if (settings_.on_full == OnFull::reject) return false;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = *shards_[(first_shard + 1 + i) % shards_.size()];
    sync::MutexLock lock(shard.mutex);
    const Ref victim = shard.policy.evict_candidate(*nodes_, protect);
    if (victim == kNoRef) continue;
    unlink_locked(shard, victim, RemovalCause::evicted, removals);
    if (prepaid.entries == 0 && budget_.take_entry()) ++prepaid.entries;
    const std::size_t want = bytes > prepaid.bytes ? bytes - prepaid.bytes : 0;
    const std::size_t got = std::min<std::size_t>(want, nodes_->at(victim).weight);
    if (got != 0 && budget_.take_bytes(got)) prepaid.bytes += got;
    return true;
  }
  return false;
}

Commit Store::commit_all(std::span<const KeySpot> spots, std::span<Draft> drafts) {
  CHECK_EQ(spots.size(), drafts.size());
  std::vector<Shard*> shards;
  for (const KeySpot& spot : spots) shards.push_back(spot.shard);
  std::ranges::sort(shards, {}, &Shard::index);
  shards.erase(std::ranges::unique(shards).begin(), shards.end());
  Removals removals;
  Commit result = Commit::full;
  for (int attempt = 0; attempt < 2; ++attempt) {
    result = commit_all_once(spots, drafts, shards, removals);
    announce(removals);
    // Expired entries hold no room: a second look once they are gone.
    if (result != Commit::full || clock_.now_ns() < next_due_ns_.load_relaxed()) break;
    sweep_due(clock_.now_ns(), removals);
    announce(removals);
  }
  if (result == Commit::full || result == Commit::too_large) tally_.add(Tally::kRejected);
  return result;
}

// Several shards at once, in ascending order: beyond what the analysis of locks can follow.
Commit Store::commit_all_once(std::span<const KeySpot> spots, std::span<Draft> drafts,
                              std::span<Shard* const> shards,
                              Removals& removals) LARDER_NO_THREAD_SAFETY_ANALYSIS {
  for (Shard* shard : shards) shard->mutex.lock();
  Prepaid prepaid;
  const std::int64_t now_ns = clock_.now_ns();  // one for both: what is paid for must not expire
  const bool closed = std::ranges::any_of(
      shards, [](Shard* shard) LARDER_NO_THREAD_SAFETY_ANALYSIS { return shard->closed; });
  const Commit verdict =
      closed ? Commit::closed : prepay_all(spots, drafts, now_ns, prepaid, removals);
  for (std::size_t i = 0; verdict == Commit::stored && i < spots.size(); ++i) {
    Room room = Room::yes;
    Ref old = kNoRef;
    const Commit one = commit_locked(spots[i], {Condition::Kind::prepaid}, drafts[i], now_ns,
                                     prepaid, removals, room, old);
    CHECK(one == Commit::stored);
  }
  for (Shard* shard : shards) shard->mutex.unlock();
  budget_.give(prepaid);
  return verdict;
}

// Takes what the whole batch can need: a slot for each key that is absent, and each draft's weight
// beyond that of the entry it replaces.
Commit Store::prepay_all(std::span<const KeySpot> spots, std::span<Draft> drafts,
                         std::int64_t now_ns, Prepaid& prepaid,
                         Removals& removals) LARDER_NO_THREAD_SAFETY_ANALYSIS {
  std::unordered_map<std::string_view, std::size_t> weights;  // of what each key holds in the end
  for (std::size_t i = 0; i < spots.size(); ++i) {
    if (drafts[i].weight > budget_.max_bytes()) return Commit::too_large;
    const std::size_t weight = drafts[i].node().weight;
    const auto [it, first] = weights.try_emplace(spots[i].key, 0);
    if (first) {
      const Ref old = live_locked(spots[i], now_ns, removals);
      if (old != kNoRef) it->second = nodes_->at(old).weight;
      const bool has_slot = old != kNoRef || budget_.take_entry();
      if (has_slot && old == kNoRef) ++prepaid.entries;
      if (!has_slot) return give_back(prepaid);
    }
    const std::size_t more = weight > it->second ? weight - it->second : 0;
    if (!budget_.take_bytes(more)) return give_back(prepaid);
    prepaid.bytes += more;
    it->second = weight;
  }
  return Commit::stored;
}

Commit Store::give_back(Prepaid& prepaid) {
  budget_.give(std::exchange(prepaid, {}));
  return Commit::full;
}

}  // namespace larder::memory
