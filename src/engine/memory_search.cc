// Indexes, tags and patterns.
// Thread safety: see memory_search.h.
#include "engine/memory_search.h"

#include <algorithm>
#include <unordered_set>

#include "base/check.h"
#include "sync/epoch.h"

namespace larder::engine {

using memory::KeySpot;
using memory::kNoRef;
using memory::Node;
using memory::Ref;
using memory::Removals;
using memory::Shard;

namespace {

// No index: what erase_targets() takes for "whatever terms".
constexpr std::uint32_t kNoIndex = 0;

base::Glob compiled(std::string_view pattern) {
  auto glob = base::Glob::compile(pattern);
  CHECK(glob.has_value());  // the input was checked
  return *std::move(glob);
}

}  // namespace

void MemorySearch::run(SearchOperation& op) {
  switch (op.code) {
    case Opcode::add_index:
      return add_index(op);
    case Opcode::remove_index:
      return remove_index(op);
    case Opcode::find_by_index:
      return find_by_index(op);
    case Opcode::get_by_index:
      return get_by_index(op);
    case Opcode::count_by_index:
      return count_by_index(op);
    case Opcode::erase_by_index:
      return erase_by_index(op);
    case Opcode::find_by_pattern:
      return find_by_pattern(op);
    case Opcode::erase_by_pattern:
      return erase_by_pattern(op);
    case Opcode::scan:
      return scan(op);
    case Opcode::scan_index:
      return scan_index(op);
    case Opcode::clear:
      return clear(op);
    default:
      op.error = Error(Errc::not_supported, "the memory engine does not know this operation");
  }
}

// A list that grows moves its strings, and leaves the bytes of short ones in the old array.
void MemorySearch::add_key(std::vector<std::string>& keys, std::string_view key) const {
  constexpr std::size_t kFirst = 8;
  if (store_.settings().secure_wipe && keys.size() == keys.capacity()) {
    std::vector<std::string> larger;
    larger.reserve(std::max(kFirst, 2 * keys.size()));
    for (std::string& moved : keys) {
      larger.push_back(std::move(moved));
      secure_wipe(moved);
    }
    keys.swap(larger);
  }
  keys.emplace_back(key);
}

void MemorySearch::visit_matching(const base::Glob& glob, const Visit& visit) {
  Removals removals;
  if (glob.is_literal()) {
    const KeySpot spot = store_.spot(glob.literal());
    {
      sync::MutexLock lock(spot.shard->mutex);
      const Ref ref = store_.live_locked(spot, removals);
      if (ref != kNoRef) visit(*spot.shard, ref);
    }
    store_.announce(removals);
    return;
  }
  for (const auto& shard : store_.shards()) {
    sync::MutexLock lock(shard->mutex);
    const std::int64_t now_ns = store_.clock().now_ns();
    shard->table.for_each([&](Ref ref) {
      const Node& node = store_.nodes().at(ref);
      if (now_ns < node.expires_at_ns.load_relaxed() && glob.matches(node.key())) {
        visit(*shard, ref);
      }
    });
  }
}

// The index lists a superset: each candidate's key is looked up again under its shard's lock. Two
// references of one key (an entry that is being replaced) count once.
void MemorySearch::visit_members(std::uint32_t index, std::string_view term, const Visit& visit) {
  Removals removals;
  {
    const sync::ReadSection section;  // keeps the candidates' keys readable
    std::unordered_set<std::string_view> seen;
    for (const Ref candidate : store_.terms().members(index, term)) {
      const KeySpot spot = store_.spot(store_.nodes().at(candidate).key());
      if (!seen.insert(spot.key).second) continue;
      sync::MutexLock lock(spot.shard->mutex);
      const Ref ref = store_.live_locked(spot, removals);
      if (ref == kNoRef) continue;
      const memory::Terms* const terms = store_.nodes().at(ref).terms;
      if (terms != nullptr && terms->has(index, term)) visit(*spot.shard, ref);
    }
  }
  store_.announce(removals);
}

void MemorySearch::add_index(SearchOperation& op) {
  const indexes::IndexPin index = store_.terms().intern(op.index);
  std::size_t bound = 0;
  // visit_matching() holds the shard's lock, which the analysis cannot see through a function.
  const auto bind = [&](Shard& shard, Ref ref) LARDER_NO_THREAD_SAFETY_ANALYSIS {
    for (const std::string_view term : op.terms) {
      store_.add_term_locked(shard, ref, {index.id(), false, true, term});
    }
    ++bound;
  };
  visit_matching(compiled(op.pattern), bind);
  op.counts = {bound};
}

void MemorySearch::remove_index(SearchOperation& op) {
  const auto index = store_.terms().lookup(op.index);
  const base::Glob glob = compiled(op.pattern);
  std::size_t unbound = 0;
  for (std::size_t i = 0; index && i < op.terms.size(); ++i) {
    // visit_members() holds the lock, which the analysis cannot see through a function.
    visit_members(*index, op.terms[i], [&](Shard& shard, Ref ref) LARDER_NO_THREAD_SAFETY_ANALYSIS {
      if (!glob.matches(store_.nodes().at(ref).key())) return;
      if (store_.unbind_term_locked(shard, ref, *index, op.terms[i])) ++unbound;
    });
  }
  op.counts = {unbound};
}

void MemorySearch::find_by_index(SearchOperation& op) {
  const auto index = store_.terms().lookup(op.index);
  for (std::size_t i = 0; index && i < op.terms.size(); ++i) {
    visit_members(*index, op.terms[i],
                  [&](Shard&, Ref ref) { add_key(op.keys, store_.nodes().at(ref).key()); });
  }
  if (op.terms.size() < 2) return;
  std::ranges::sort(op.keys);
  op.keys.erase(std::ranges::unique(op.keys).begin(), op.keys.end());
}

void MemorySearch::get_by_index(SearchOperation& op) {
  const auto index = store_.terms().lookup(op.index);
  for (std::size_t i = 0; index && i < op.terms.size(); ++i) {
    visit_members(*index, op.terms[i], [&](Shard&, Ref ref) {
      Node& node = store_.nodes().at(ref);
      eviction::mark_used(node.policy);
      if (store_.settings().track_access) store_.note_access(node);
      op.found.push_back({std::string(node.key()), store_.nodes().pin(node)});
    });
  }
  if (op.terms.size() < 2) return;
  std::ranges::sort(op.found, {}, &SearchOperation::Found::key);
  const auto surplus = std::ranges::unique(op.found, {}, &SearchOperation::Found::key);
  op.found.erase(surplus.begin(), op.found.end());
}

void MemorySearch::count_by_index(SearchOperation& op) {
  const auto index = store_.terms().lookup(op.index);
  op.counts.assign(op.terms.size(), 0);
  for (std::size_t i = 0; index && i < op.terms.size(); ++i) {
    visit_members(*index, op.terms[i], [&](Shard&, Ref) { ++op.counts[i]; });
  }
}

void MemorySearch::erase_by_index(SearchOperation& op) {
  const auto index = store_.terms().lookup(op.index);
  op.counts.assign(op.terms.size(), 0);
  for (std::size_t i = 0; index && i < op.terms.size(); ++i) {
    // Before the index is read: see FenceLog.
    store_.fences().raise(*index, op.terms[i], op.except);
    op.counts[i] = erase_members(*index, op.terms[i], op.except);
  }
}

std::size_t MemorySearch::erase_members(std::uint32_t index, std::string_view term,
                                        std::span<const std::string_view> except) {
  std::vector<Target> targets;
  {
    const sync::ReadSection section;  // keeps the candidates readable
    std::unordered_set<std::string_view> seen;
    for (const Ref candidate : store_.terms().members(index, term)) {
      Node& node = store_.nodes().at(candidate);
      if (std::ranges::find(except, node.key()) != except.end()) continue;
      const KeySpot spot = store_.spot(node.key());
      sync::MutexLock lock(spot.shard->mutex);
      // An entry that is being replaced and its successor are of one life. A draft that was not
      // stored has no terms any more.
      if (node.terms != nullptr && seen.insert(node.key()).second) {
        targets.push_back({node.key(), node.terms->life});
      }
    }
  }
  return erase_targets(targets, RemovalCause::erased, index, term);
}

std::size_t MemorySearch::erase_targets(std::span<const Target> targets, RemovalCause cause,
                                        std::uint32_t index, std::string_view term) {
  std::size_t erased = 0;
  for (const Target& target : targets) {
    if (ask_erase(store_.traits(), target.key, failures_)) continue;  // vetoed: skipped
    const KeySpot spot = store_.spot(target.key);
    Removals removals;
    bool gone = false;
    {
      sync::MutexLock lock(spot.shard->mutex);
      const Ref ref = store_.live_locked(spot, removals);
      const memory::Terms* const terms = ref == kNoRef ? nullptr : store_.nodes().at(ref).terms;
      gone = terms != nullptr && terms->life == target.life &&
             (index == kNoIndex || terms->has(index, term));
      if (gone) {
        store_.unlink_locked(*spot.shard, ref, cause, removals);
        spot.shard->flights.fence(spot.key);
      }
    }
    store_.announce(removals);
    call_post_erase(store_.traits(), target.key, {.effective = gone}, failures_);
    erased += gone ? 1 : 0;
  }
  return erased;
}

void MemorySearch::find_by_pattern(SearchOperation& op) {
  visit_matching(compiled(op.pattern),
                 [&](Shard&, Ref ref) { add_key(op.keys, store_.nodes().at(ref).key()); });
}

void MemorySearch::erase_by_pattern(SearchOperation& op) {
  op.counts = {erase_matching(compiled(op.pattern), RemovalCause::erased)};
}

void MemorySearch::clear(SearchOperation&) { erase_matching(compiled("*"), RemovalCause::cleared); }

// Loads in flight are fenced under the same lock under which their shard's entries are found.
std::size_t MemorySearch::erase_matching(const base::Glob& glob, RemovalCause cause) {
  const bool by_key = hooked();
  std::size_t erased = 0;
  std::vector<Target> targets;
  for (const auto& shard : store_.shards()) {
    Removals removals;
    {
      sync::MutexLock lock(shard->mutex);
      if (cause == RemovalCause::cleared) ++shard->clears;
      shard->flights.fence_matching([&](std::string_view key) { return glob.matches(key); });
      std::vector<Ref> found;
      const std::int64_t now_ns = store_.clock().now_ns();
      shard->table.for_each([&](Ref ref) {
        const Node& node = store_.nodes().at(ref);
        if (now_ns < node.expires_at_ns.load_relaxed() && glob.matches(node.key())) {
          found.push_back(ref);
        }
      });
      for (const Ref ref : found) {
        Node& node = store_.nodes().at(ref);
        if (by_key) {
          targets.push_back({node.key(), store_.terms_locked(*shard, node).life});
        } else {
          store_.unlink_locked(*shard, ref, cause, removals);
          ++erased;
        }
      }
    }
    store_.announce(removals);
  }
  return erased + erase_targets(targets, cause, kNoIndex, {});
}

}  // namespace larder::engine
