// Changes of entries in place, and their move to another key.
// Thread safety: see store.h.
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "memory/store.h"
#include "memory/store_limits.h"

namespace larder::memory {

std::uint64_t Store::next_version_locked(Shard& shard) {
  // The shard's number in the low bits keeps the sequences of shards apart.
  return ++shard.writes << table::Table::kShardBits | shard.index;
}

std::int64_t Store::expiry_ns(Ttl ttl, const Node* old, std::int64_t now_ns) const noexcept {
  if (ttl.kind() == Ttl::Kind::keep && old != nullptr) return old->expires_at_ns.load_relaxed();
  if (ttl.kind() == Ttl::Kind::keep || ttl.kind() == Ttl::Kind::standard) {
    ttl = settings_.default_ttl;
  }
  if (ttl.kind() == Ttl::Kind::forever) return kNeverNs;
  return now_ns + ttl.span().count() * kNsPerMs;  // at most 100 years: no overflow
}

bool Store::touch(const KeySpot& spot, Ttl ttl) {
  Removals removals;
  bool touched = false;
  {
    sync::MutexLock lock(spot.shard->mutex);
    const std::int64_t now_ns = clock_.now_ns();
    const Ref ref = live_locked(spot, now_ns, removals);
    touched = ref != kNoRef;
    if (touched) {
      Node& node = nodes_->at(ref);
      const std::int64_t before_ns = node.expires_at_ns.load_relaxed();
      node.expires_at_ns.store_relaxed(expiry_ns(ttl, &node, now_ns));
      spot.shard->wheel.reschedule(*nodes_, ref, before_ns);
      lower_next_due(node.expires_at_ns.load_relaxed());
    }
  }
  announce(removals);
  return touched;
}

bool Store::set_tags(const KeySpot& spot, std::span<const std::string_view> tags,
                     Version& version) {
  Removals removals;
  bool changed = false;
  {
    sync::MutexLock lock(spot.shard->mutex);
    const Ref ref = live_locked(spot, removals);
    changed = ref != kNoRef;
    if (changed) {
      spot.shard->flights.fence(spot.key);
      replace_tags_locked(*spot.shard, ref, tags);
      Node& node = nodes_->at(ref);
      node.version.store_relaxed(next_version_locked(*spot.shard));
      version = nodes_->version(node);
    }
  }
  announce(removals);
  return changed;
}

void Store::replace_tags_locked(Shard& shard, Ref ref, std::span<const std::string_view> tags) {
  Node& node = nodes_->at(ref);
  if (tags.empty() && node.terms == nullptr) return;
  std::vector<Term>& terms = terms_locked(shard, node).terms;
  for (const std::string_view tag : tags) {
    if (!node.terms->has(kTags, tag)) add_term_locked(shard, ref, {kTags, true, false, tag});
  }
  std::erase_if(terms, [&](const Term& term) {
    const bool gone = term.index == kTags && !std::ranges::binary_search(tags, term.text.view());
    if (gone) terms_.remove(kTags, term.text, ref);
    return gone;
  });
}

Terms& Store::terms_locked(Shard&, Node& node) {
  if (node.terms == nullptr)
    node.terms = new Terms{node.version.load_relaxed() & ~Node::kMoving, {}};
  return *node.terms;
}

void Store::add_term_locked(Shard& shard, Ref ref, Term term) {
  std::vector<Term>& terms = terms_locked(shard, nodes_->at(ref)).terms;
  const auto known = std::ranges::find(terms, term);
  if (known != terms.end()) {
    known->bound = known->bound || term.bound;
    known->of_value = known->of_value || term.of_value;
    return;
  }
  terms_.add(term.index, term.text, ref);
  terms.push_back(std::move(term));
}

bool Store::unbind_term_locked(Shard&, Ref ref, std::uint32_t index, std::string_view text) {
  Terms* const terms = nodes_->at(ref).terms;
  if (terms == nullptr) return false;
  const auto known = std::ranges::find_if(
      terms->terms, [&](const Term& term) { return term.index == index && term.text == text; });
  if (known == terms->terms.end() || !known->bound) return false;
  known->bound = false;
  if (known->of_value) return true;
  terms_.remove(index, text, ref);
  terms->terms.erase(known);
  return true;
}

// Two keys change in one step for readers without a lock, because both nodes carry the mark
// kMoving while the step lasts: whoever meets one of them asks under the lock, and gets it when
// all is done. Marks are set before the first visible change and cleared after the last.
// The analysis of locks cannot follow two shards that may be one.
Commit Store::rename(const KeySpot& from, const KeySpot& to, Ref only,
                     Draft& draft) LARDER_NO_THREAD_SAFETY_ANALYSIS {
  Shard* const first = from.shard->index <= to.shard->index ? from.shard : to.shard;
  Shard* const second = first == from.shard ? to.shard : from.shard;
  Removals removals;
  Prepaid prepaid;
  Commit result = Commit::full;
  for (int attempt = 0; attempt < kRoomAttempts; ++attempt) {
    Room room = Room::yes;
    first->mutex.lock();
    if (second != first) second->mutex.lock();
    result = rename_locked(from, to, only, draft, prepaid, removals, room);
    if (second != first) second->mutex.unlock();
    first->mutex.unlock();
    if (room == Room::yes) break;
    announce(removals);
    if (!look_for_room(to.shard->index, draft.weight, only, prepaid, removals)) break;
  }
  budget_.give(prepaid);
  announce(removals);
  if (result == Commit::full || result == Commit::too_large) tally_.add(Tally::kRejected);
  return result;
}

// Rename's room is the source's, the destination's own entry pays the rest; what is still missing
// is found with no lock held, lest a victim be one of the two.
Commit Store::rename_locked(const KeySpot& from, const KeySpot& to, Ref only, Draft& draft,
                            Prepaid& prepaid, Removals& removals,
                            Room& room) LARDER_NO_THREAD_SAFETY_ANALYSIS {
  if (from.shard->closed || to.shard->closed) return Commit::closed;
  const Ref source = live_locked(from, removals);
  if (source == kNoRef || source != only) return Commit::refused;
  if (to.shard->clears > from.shard->clears) {
    // A clear has passed the destination and is on its way here: nothing slips past it.
    unlink_locked(*from.shard, source, RemovalCause::cleared, removals);
    return Commit::cleared;
  }
  if (draft.weight > budget_.max_bytes()) return Commit::too_large;
  const Ref old = live_locked(to, removals);
  const std::size_t before =
      nodes_->at(source).weight + (old == kNoRef ? 0 : nodes_->at(old).weight);
  const std::size_t weight = draft.node().weight;
  const std::size_t more = weight > before ? weight - before : 0;
  const std::size_t paid = std::min(more, prepaid.bytes);
  if (!budget_.take_bytes(more - paid)) {
    room = Room::elsewhere;
    return Commit::full;
  }
  prepaid.bytes -= paid;
  budget_.give({.entries = old == kNoRef ? 0U : 1U, .bytes = before + more - weight});
  move_entry_locked(from, to, source, old, draft, removals);
  return Commit::stored;
}

// Both shards' locks are held; the analysis cannot follow two that may be one.
void Store::move_entry_locked(const KeySpot& from, const KeySpot& to, Ref source, Ref old,
                              Draft& draft, Removals& removals) LARDER_NO_THREAD_SAFETY_ANALYSIS {
  const Ref ref = std::exchange(draft.ref, kNoRef);
  Node& moved = nodes_->at(source);
  Node& node = nodes_->at(ref);
  from.shard->flights.fence(from.key);
  to.shard->flights.fence(to.key);
  const std::uint64_t version = next_version_locked(*to.shard);
  node.version.store_relaxed(version | Node::kMoving);  // published with the node
  node.expires_at_ns.store_relaxed(moved.expires_at_ns.load_relaxed());
  node.created_ms = moved.created_ms;
  if (settings_.track_access) copy_access(moved, node);
  // The entry goes on, the life is the destination's: one that is marked there, or a new one.
  const Terms* const over = old == kNoRef ? nullptr : nodes_->at(old).terms;
  if (moved.terms != nullptr || over != nullptr) {
    node.terms = new Terms{over != nullptr ? over->life : version, {}};
    if (moved.terms != nullptr) node.terms->terms = moved.terms->terms;
    for (const Term& term : node.terms->terms) terms_.add(term.index, term.text, ref);
  }
  draft.version = nodes_->version(node);
  draft.expires_at_ns = node.expires_at_ns.load_relaxed();
  nodes_->hand_over(moved, node);
  // Pairs with find().
  moved.version.store_release(moved.version.load_relaxed() | Node::kMoving);
  if (old != kNoRef) {
    replace_locked(to, old, ref, removals);
  } else {
    insert_locked(to, ref, removals);
  }
  detach_locked(*from.shard, source, RemovalCause::erased, removals);
  schedule_locked(*to.shard, ref);
  node.version.store_release(version);  // pairs with find()
}

void Store::copy_access(Node& from, Node& to) const noexcept {
  nodes_->access(to).last_ms.store_relaxed(nodes_->access(from).last_ms.load_relaxed());
  nodes_->access(to).count.store_relaxed(nodes_->access(from).count.load_relaxed());
}

}  // namespace larder::memory
