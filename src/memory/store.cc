// Opening a store, reading from it, and what it tells of itself.
// Thread safety: see store.h.
#include "memory/store.h"

#include <algorithm>
#include <bit>
#include <chrono>

#include "base/check.h"
#include "memory/store_limits.h"

namespace larder::memory {
namespace {

// A word that no other cache of this process has, and hardly one of another process.
std::uint64_t new_version_word() {
  static base::Atomic<std::uint64_t> last{0};  // relaxed: uniqueness is all that is asked
  return base::mix64(base::process_seed() + last.add_relaxed(1)) | 1;
}

NodeRules rules_of(const CacheSettings& settings, const CacheTraits& traits) {
  return {.ops = traits.ops,
          .hash_seed = traits.hash_seed.value_or(base::process_seed()),
          .version_high = new_version_word(),
          .track_access = settings.track_access,
          .wipe = settings.secure_wipe};
}

// Policies decide better on many entries; a shard should hold a few hundred.
std::size_t shard_count(const CacheSettings& settings) {
  const std::size_t useful = std::max<std::size_t>(1, settings.max_entries / kMinShardEntries);
  return std::bit_floor(std::min(std::bit_ceil(settings.shards), useful));
}

std::size_t shard_capacity(std::size_t max_entries, std::size_t shards) {
  if (max_entries == CacheSettings::kUnlimited) return eviction::FilteredClock::kUnbounded;
  return std::max<std::size_t>(1, max_entries / shards);
}

}  // namespace

Store::Store(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits)
    : settings_(settings),
      traits_(std::move(traits)),
      clock_(traits_->clock),
      nodes_(Nodes::make(rules_of(settings_, *traits_))),
      terms_(settings_.secure_wipe ? indexes::Wipe::kYes : indexes::Wipe::kNo),
      budget_(settings_.max_entries, settings_.max_bytes),
      limbo_(settings_.secure_wipe ? 1 : sync::Limbo::kDefaultBatchSize) {
  const std::size_t count = shard_count(settings_);
  shard_bits_ = std::countr_zero(count);
  const std::size_t capacity = shard_capacity(settings_.max_entries, count);
  const std::int64_t now_ns = clock_.now_ns();
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>(static_cast<unsigned>(i), capacity, now_ns));
  }
  pins_.push_back(terms_.intern(SearchOperation::kTagIndex));
  CHECK_EQ(pins_.back().id(), kTags);
  for (const auto& spec : traits_->indexes) {
    pins_.push_back(terms_.intern(spec.name));
    declared_.push_back(pins_.back().id());
  }
}

Store::~Store() {
  drop_all();
  collect(true);
  nodes_->abandon();
}

void Store::drop_all() noexcept {
  for (const auto& shard : shards_) {
    Removals gone;
    {
      sync::MutexLock lock(shard->mutex);
      shard->closed = true;
      std::vector<Ref> all;
      shard->table.for_each([&](Ref ref) { all.push_back(ref); });
      for (const Ref ref : all) unlink_locked(*shard, ref, RemovalCause::cleared, gone);
    }
    gone.for_each([&](const Removal& removal) { retire(removal.ref); });
  }
}

Node* Store::settle(const KeySpot& spot, bool use) const noexcept {
  bool ask = false;
  Node* node = use ? get(spot, ask) : find(spot, ask);
  if (!ask) return node;
  sync::MutexLock lock(spot.shard->mutex);  // the rename has ended once we have it
  ask = false;
  node = use ? get(spot, ask) : find(spot, ask);
  CHECK(!ask);
  return node;
}

void Store::prefetch_node(const KeySpot& spot) const noexcept {
  const Ref ref = spot.shard->table.first_candidate(spot.hash);
  if (ref == kNoRef) return;
  const auto* const node = reinterpret_cast<const char*>(&nodes_->at(ref));
  __builtin_prefetch(node);
  __builtin_prefetch(node + base::kCacheLine);
}

void Store::note_access(Node& node) const noexcept {
  Access& access = nodes_->access(node);
  access.last_ms.store_relaxed(clock_.clock().wall_ns() / kNsPerMs);
  access.count.add_relaxed(1);
}

std::optional<Timestamp> Store::timestamp(std::int64_t at_ns) const noexcept {
  if (at_ns == kNeverNs) return std::nullopt;
  const std::int64_t wall_ns = clock_.clock().wall_ns() + (at_ns - clock_.now_ns());
  return Timestamp(std::chrono::milliseconds((wall_ns + kNsPerMs / 2) / kNsPerMs));
}

}  // namespace larder::memory
