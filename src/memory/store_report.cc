// What a store tells of its entries and of itself: metadata, statistics, structure.
// Thread safety: see store.h.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "memory/store.h"
#include "memory/store_limits.h"

namespace larder::memory {

bool Store::describe(const KeySpot& spot, EntryMetadata& metadata) {
  Removals removals;
  bool lives = false;
  {
    sync::MutexLock lock(spot.shard->mutex);
    const Ref ref = live_locked(spot, removals);
    lives = ref != kNoRef;
    if (lives) describe_locked(*spot.shard, nodes_->at(ref), metadata);
  }
  announce(removals);
  return lives;
}

void Store::describe_locked(Shard&, Node& node, EntryMetadata& metadata) const {
  const auto wall = [](std::int64_t ms) { return Timestamp(std::chrono::milliseconds(ms)); };
  metadata.key = node.key();
  metadata.created_at = wall(static_cast<std::int64_t>(node.created_ms));
  metadata.expires_at = timestamp(node.expires_at_ns.load_relaxed());
  metadata.size_bytes = node.weight;
  metadata.version = nodes_->version(node);
  metadata.tags.clear();
  if (node.terms != nullptr) {
    metadata.tags.reserve(node.terms->terms.size());  // a list that grew would leave copies
    for (const Term& term : node.terms->terms) {
      if (term.index == kTags) metadata.tags.emplace_back(term.text.view());
    }
    std::ranges::sort(metadata.tags);
  }
  if (!settings_.track_access) return;
  const Access& access = nodes_->access(node);
  metadata.access_count = access.count.load_relaxed();
  if (const std::int64_t last_ms = access.last_ms.load_relaxed(); last_ms != 0) {
    metadata.last_accessed = wall(last_ms);
  }
}

void Store::collect(Stats& stats) const {
  tally_.report(stats);
  stats.entries += budget_.entries();
  stats.bytes += budget_.bytes();
  stats.resident_bytes += nodes_->resident_bytes() + terms_.bytes();
  stats.pinned_bytes += nodes_->pinned_bytes();
  for (const auto& shard : shards_) {
    sync::MutexLock lock(shard->mutex);
    stats.resident_bytes += sizeof(Shard) + shard->table.bytes() + shard->policy.bytes();
    stats.flights += shard->flights.size();
    shard->flights.for_each([&](const auto& flight) { stats.waiters += flight->waiting; });
  }
}

// With all shards locked, in ascending order: a sweep that runs beside it changes nothing
// meanwhile.
std::string Store::validate() const LARDER_NO_THREAD_SAFETY_ANALYSIS {
  for (const auto& shard : shards_) shard->mutex.lock();
  std::string fault = validate_all_locked();
  for (const auto& shard : shards_) shard->mutex.unlock();
  return fault;
}

// validate() holds the locks of all shards: a list that the analysis cannot follow.
std::string Store::validate_all_locked() const LARDER_NO_THREAD_SAFETY_ANALYSIS {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  for (const auto& shard : shards_) {
    std::string fault = validate_locked(*shard, entries, bytes);
    if (!fault.empty()) return "shard " + std::to_string(shard->index) + ": " + fault;
  }
  if (entries != budget_.entries()) return "the count of entries differs from the tables";
  if (bytes != budget_.bytes()) return "the count of bytes differs from the entries' weights";
  if (entries > budget_.max_entries()) return "more entries than max_entries";
  if (bytes > budget_.max_bytes()) return "more bytes than max_bytes";
  const auto listed = [&](std::uint32_t index, std::string_view text, Ref ref) {
    const Terms* const terms = nodes_->at(ref).terms;
    return terms != nullptr && terms->has(index, text);
  };
  return terms_.validate(listed).value_or("");
}

std::string Store::validate_locked(Shard& shard, std::size_t& entries, std::size_t& bytes) const {
  const auto hash = [&](Ref ref) { return nodes_->hash_of(ref); };
  if (auto fault = shard.table.validate(hash)) return "table: " + *fault;
  if (auto fault = shard.policy.validate(*nodes_)) return "policy: " + *fault;
  if (auto fault = shard.wheel.validate(*nodes_)) return "wheel: " + *fault;
  if (shard.policy.size() != shard.table.size()) return "policy and table differ in size";
  std::string fault;
  std::size_t timed = 0;
  shard.table.for_each([&](Ref ref) {
    const Node& node = nodes_->at(ref);
    ++entries;
    bytes += node.weight;
    if (node.expires_at_ns.load_relaxed() != kNeverNs) ++timed;
    if (spot(node.key()).shard != &shard) fault = "an entry in the wrong shard";
    if ((node.version.load_relaxed() & Node::kMoving) != 0) fault = "a rename never ended";
    if ((node.holds.load_relaxed() & ~Node::kFlags) == 0) fault = "a live entry that nobody holds";
    for (std::size_t i = 0; node.terms != nullptr && i < node.terms->terms.size(); ++i) {
      const Term& term = node.terms->terms[i];
      const std::vector<Ref> members = terms_.members(term.index, term.text);
      if (std::ranges::find(members, ref) == members.end()) fault = "a term missing in its index";
    }
  });
  if (fault.empty() && timed != shard.wheel.size()) fault = "wheel and table differ in size";
  return fault;
}

}  // namespace larder::memory
