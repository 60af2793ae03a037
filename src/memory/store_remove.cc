// The ends of entries: erasing, expiring, evicting to shrink, and what follows once no lock is
// held.
// Thread safety: see store.h.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "memory/store.h"
#include "memory/store_limits.h"
#include "sync/epoch.h"

namespace larder::memory {
namespace {

// Tokens of the limbo: references of nodes, and addresses of bucket arrays with this bit set.
constexpr std::uint64_t kArrayToken = std::uint64_t{1} << 63;

// What the limbo does with a token.
struct Unmaker {
  Nodes& nodes;

  void operator()(std::uint64_t token) const noexcept {
    if ((token & kArrayToken) != 0) {
      delete reinterpret_cast<table::RetiredArray*>(token & ~kArrayToken);
    } else {
      nodes.give_up(static_cast<Ref>(token));
    }
  }
  void prefetch(std::uint64_t token) const noexcept {
    if ((token & kArrayToken) == 0) __builtin_prefetch(&nodes.at(static_cast<Ref>(token)), 1);
  }
};

}  // namespace

Ref Store::live_locked(const KeySpot& spot, std::int64_t now_ns, Removals& removals) {
  const Ref ref = probe(spot);
  if (ref == kNoRef) return kNoRef;
  const std::int64_t expires_at_ns = nodes_->at(ref).expires_at_ns.load_relaxed();
  if (now_ns < expires_at_ns) return ref;
  unlink_locked(*spot.shard, ref, RemovalCause::expired, removals);
  return kNoRef;
}

void Store::unlink_locked(Shard& shard, Ref ref, RemovalCause cause, Removals& removals) {
  budget_.give({.entries = 1, .bytes = nodes_->at(ref).weight});
  detach_locked(shard, ref, cause, removals);
}

// Invisible first, then out of the wheel, the policy and the index.
void Store::detach_locked(Shard& shard, Ref ref, RemovalCause cause, Removals& removals) {
  shard.table.erase(nodes_->hash_of(ref), ref);
  shard.wheel.cancel(*nodes_, ref);
  shard.policy.on_erase(*nodes_, ref);
  drop_terms_locked(shard, ref);
  tally_.add(cause);
  removals.add(ref, cause);
}

void Store::drop_terms_locked(Shard&, Ref ref) {
  const Terms* const terms = nodes_->at(ref).terms;
  if (terms == nullptr) return;
  for (const Term& term : terms->terms) terms_.remove(term.index, term.text, ref);
}

bool Store::erase(const KeySpot& spot, RemovalCause cause, Ref only) {
  Removals removals;
  bool existed = false;
  {
    sync::MutexLock lock(spot.shard->mutex);
    const Ref ref = live_locked(spot, removals);
    existed = ref != kNoRef && (only == kNoRef || ref == only);
    if (existed) unlink_locked(*spot.shard, ref, cause, removals);
    // An erase of nothing is acknowledged too: loads that began before it must not publish.
    if (existed || only == kNoRef) spot.shard->flights.fence(spot.key);
  }
  announce(removals);
  return existed;
}

bool Store::erase_nothing(const KeySpot& spot) {
  Removals removals;
  bool nothing = false;
  {
    sync::MutexLock lock(spot.shard->mutex);
    nothing = live_locked(spot, removals) == kNoRef;
    if (nothing) spot.shard->flights.fence(spot.key);
  }
  announce(removals);
  return nothing;
}

bool Store::sweep_locked(Shard& shard, std::int64_t now_ns, std::size_t budget,
                         Removals& removals) {
  // The caller holds the lock, which the analysis cannot see inside the callback.
  return shard.wheel.advance(*nodes_, now_ns, budget,
                             [&](Ref ref) LARDER_NO_THREAD_SAFETY_ANALYSIS {
                               unlink_locked(shard, ref, RemovalCause::expired, removals);
                             });
}

// Expires everything that is due by now, shard by shard, and finds the next instant.
bool Store::sweep_due(std::int64_t now_ns, Removals& removals) {
  next_due_ns_.store_relaxed(kNeverNs);
  bool expired = false;
  for (const auto& shard : shards_) {
    for (bool more = true; more;) {  // bound: what is due in the shard, kDueBatch at a time
      std::int64_t next_ns = kNeverNs;
      {
        sync::MutexLock lock(shard->mutex);
        more = sweep_locked(*shard, now_ns, kDueBatch, removals);
        next_ns = shard->wheel.next_due_ns();
      }
      expired = expired || !removals.empty();
      announce(removals);
      if (!more) lower_next_due(next_ns);
    }
  }
  return expired;
}

void Store::lower_next_due(std::int64_t at_ns) noexcept {
  std::int64_t next_ns = next_due_ns_.load_relaxed();
  while (at_ns < next_ns && !next_due_ns_.cas_weak_relaxed(next_ns, at_ns)) {
  }  // bound: another store lowered it at every further turn
}

void Store::schedule_locked(Shard& shard, Ref ref) {
  shard.wheel.schedule(*nodes_, ref);
  lower_next_due(nodes_->expires_at_ns(ref));
}

void Store::sweep() {
  const std::int64_t now_ns = clock_.now_ns();
  const std::int64_t end_ns = now_ns + std::chrono::nanoseconds(settings_.sweep_time).count();
  Removals removals;
  const std::size_t first = sweep_from_.load_relaxed();
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    bool more = false;
    Shard& shard = *shards_[(first + i) % shards_.size()];
    do {  // bound: sweep_time, and what is due
      {
        sync::MutexLock lock(shard.mutex);
        more = sweep_locked(shard, now_ns, settings_.sweep_batch, removals);
      }
      announce(removals);
    } while (more && clock_.now_ns() < end_ns);
    if (more || clock_.now_ns() >= end_ns) {
      sweep_from_.store_relaxed((first + i + (more ? 0 : 1)) % shards_.size());
      break;
    }
  }
  if (traits_->sweep_predicate) sweep_unwanted(end_ns);
  collect(false);
}

// User code decides on pinned entries, outside of all locks: on one shard in each round at least.
void Store::sweep_unwanted(std::int64_t end_ns) {
  const std::size_t first = unwanted_from_.load_relaxed();
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (i != 0 && clock_.now_ns() >= end_ns) return;
    const auto& shard = shards_[(first + i) % shards_.size()];
    unwanted_from_.store_relaxed((first + i + 1) % shards_.size());
    std::vector<std::pair<Ref, Pin>> candidates;
    {
      sync::MutexLock lock(shard->mutex);
      shard->table.for_each(
          [&](Ref ref) { candidates.emplace_back(ref, nodes_->pin(nodes_->at(ref))); });
    }
    for (auto& [ref, pin] : candidates) {
      const std::string_view key = nodes_->at(ref).key();
      bool unwanted = false;
      try {  // CALLBACK: the sweep predicate
        unwanted = traits_->sweep_predicate(key, pin.value());
      } catch (...) {
        tally_.add(Tally::kHookFailures);
      }
      if (unwanted) erase(spot(key), RemovalCause::evicted, ref);
    }
  }
}

void Store::shrink() {
  Removals removals;
  std::size_t idle = 0;  // shards in a row that had nothing to give
  for (std::size_t i = 0; budget_.exceeded() && idle < shards_.size(); ++i) {
    Shard& shard = *shards_[i % shards_.size()];
    {
      sync::MutexLock lock(shard.mutex);
      const Ref victim = shard.policy.evict_candidate(*nodes_, kNoRef);
      idle = victim == kNoRef ? idle + 1 : 0;
      if (victim != kNoRef) unlink_locked(shard, victim, RemovalCause::evicted, removals);
    }
    announce(removals);
  }
}

void Store::resize(std::size_t max_entries, std::size_t max_bytes) {
  budget_.set_limits(max_entries, max_bytes);
  const bool unbounded = max_entries == CacheSettings::kUnlimited;
  for (const auto& shard : shards_) {
    sync::MutexLock lock(shard->mutex);
    shard->policy.resize(unbounded ? eviction::FilteredClock::kUnbounded
                                   : std::max<std::size_t>(1, max_entries / shards_.size()));
  }
  Removals removals;
  sweep_due(clock_.now_ns(), removals);
  shrink();
}

void Store::announce(Removals& removals) noexcept {
  if (removals.empty()) return;
  sync::assert_no_locks_held();
  removals.for_each([&](const Removal& removal) {
    if (traits_->hooks.on_removal) {
      try {  // CALLBACK: on_removal
        traits_->hooks.on_removal(nodes_->at(removal.ref).key(), removal.cause);
      } catch (...) {
        tally_.add(Tally::kHookFailures);
      }
    }
    retire(removal.ref);
  });
  for (auto& array : removals.arrays()) {
    retire(reinterpret_cast<std::uint64_t>(array.release()) | kArrayToken);
  }
  removals.clear();
}

void Store::retire(std::uint64_t token) noexcept {
  const sync::Limbo::Advice advice = limbo_.retire(token);
  const Unmaker free{*nodes_};
  if (advice == sync::Limbo::Advice::kCollect) {
    limbo_.collect(free, settings_.secure_wipe ? sync::Limbo::kSecurePolls : 1);
  } else if (advice == sync::Limbo::Advice::kBackOff) {
    limbo_.flush(
        free, sync::in_read_section() ? sync::Limbo::Wait::kNone : sync::Limbo::Wait::kUntilFree);
  }
}

void Store::collect(bool wait) noexcept {
  using Wait = sync::Limbo::Wait;
  limbo_.flush(Unmaker{*nodes_}, wait && !sync::in_read_section() ? Wait::kUntilFree : Wait::kNone);
}

}  // namespace larder::memory
