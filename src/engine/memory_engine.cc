// The memory engine's dispatch, its loads' ends, and its life.
// Thread safety: see memory_engine.h.
#include "engine/memory_engine.h"

#include <chrono>
#include <utility>

#include "base/secure.h"
#include "engine/memory_keys.h"
#include "engine/memory_search.h"
#include "engine/trampoline.h"
#include "flight/load_chain.h"
#include "sync/epoch.h"

namespace larder::engine {
namespace {

using memory::Commit;
using memory::Condition;
using memory::Draft;
using memory::KeySpot;
using memory::Node;
using memory::Tally;

class MemoryProvider final : public Provider {
 public:
  explicit MemoryProvider(std::shared_ptr<Scheduler> scheduler)
      : scheduler_(std::move(scheduler)) {}

  Result<std::shared_ptr<Engine>> open(const CacheSettings& settings,
                                       std::shared_ptr<const CacheTraits> traits) override {
    auto engine = std::make_shared<MemoryEngine>(settings, std::move(traits), scheduler_);
    engine->start_sweeps();
    return std::shared_ptr<Engine>(std::move(engine));
  }

 private:
  const std::shared_ptr<Scheduler> scheduler_;
};

}  // namespace

std::shared_ptr<Provider> memory_provider(std::shared_ptr<Scheduler> scheduler) {
  return std::make_shared<MemoryProvider>(std::move(scheduler));
}

MemoryEngine::MemoryEngine(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits,
                           std::shared_ptr<Scheduler> scheduler)
    : scheduler_(std::move(scheduler)),
      store_(settings, traits),
      loads_(*this, store_.settings(), traits->clock, scheduler_) {}

MemoryEngine::~MemoryEngine() = default;

void MemoryEngine::start_sweeps() { schedule_sweep(); }

void MemoryEngine::schedule_sweep() {
  const Clock& clock = store_.clock().clock();
  const std::chrono::nanoseconds pause = store_.settings().sweep_interval;
  const auto sweep = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr || self->closed()) return;
    self->maintain();
    self->schedule_sweep();
  };
  // The clock lives as long as the manager's caches; the timer holds it itself to be sure.
  scheduler_->schedule(
      clock.now_ns() + pause.count(), clock, [sweep, keep = store_.traits().clock] { sweep(); },
      Scheduler::Lane::work);
}

Progress MemoryEngine::start(Operation& op) noexcept {
  if (op.code == Opcode::load) {
    return loads_.start(static_cast<LoadOperation&>(op), shared_from_this());
  }
  if (op.code <= Opcode::rename) {
    MemoryKeys(store_, hook_failures_).run(static_cast<KeyOperation&>(op));
  } else if (op.code == Opcode::update) {
    MemoryKeys(store_, hook_failures_).run(static_cast<UpdateOperation&>(op));
  } else {
    MemorySearch(store_, hook_failures_).run(static_cast<SearchOperation&>(op));
  }
  return Progress::done;
}

bool MemoryEngine::leave(Operation& op) noexcept {
  return op.code == Opcode::load && loads_.leave(static_cast<LoadOperation&>(op));
}

Found MemoryEngine::find(std::string_view key, void* copy_to) noexcept {
  if (key.size() - 1 >= kMaxKeyBytes || closed()) [[unlikely]]
    return Found::ask;
  const KeySpot spot = store_.spot(key);
  bool ask = false;
  {
    const sync::ReadSection section;
    Node* const node = store_.get(spot, ask);
    if (ask) [[unlikely]]
      return Found::ask;
    if (node != nullptr) {
      try {  // CALLBACK: the copy constructor of T
        store_.traits().ops->copy(copy_to, store_.nodes().value(*node));
      } catch (...) {
        return Found::ask;  // the operation says what was thrown
      }
      store_.tally().add(Tally::kHits);
      return Found::hit;
    }
  }
  store_.tally().add(Tally::kMisses);
  return Found::miss;
}

bool MemoryEngine::put(Put& put) noexcept {
  if (put.key.size() - 1 >= kMaxKeyBytes || !put.ttl.valid() || closed()) [[unlikely]]
    return false;
  MemoryKeys(store_, hook_failures_).put(put);
  return true;
}

LoadPlace MemoryEngine::load_place(std::string_view key) {
  const KeySpot spot = store_.spot(key);
  return {key, spot.hash, &spot.shard->mutex, store_.flights_of(*spot.shard)};
}

bool MemoryEngine::find_live(const LoadPlace& place, Item& item) {
  const sync::ReadSection section;
  const bool lives = deliver(store_.settle(store_.spot(place.key), true), item);
  store_.tally().add(lives ? Tally::kHits : Tally::kMisses);
  return lives;
}

bool MemoryEngine::find_live_locked(const LoadPlace& place, Item& item) {
  const sync::ReadSection section;
  bool ask = false;  // never under the lock: no rename is under way
  return deliver(store_.get(store_.spot(place.key), ask), item);
}

bool MemoryEngine::deliver(Node* node, Item& item) {
  if (node == nullptr) return false;
  item.pin = store_.nodes().pin(*node);
  item.version = item.pin.version();
  item.hit = true;
  return true;
}

LoadEnd MemoryEngine::publish(const LoadPlace& place, flight::Flight& flight, LoadOutcome& outcome,
                              const WriteOptions& call) {
  const CacheTraits& traits = store_.traits();
  LoadEnd end;
  end.error = ask_set(traits, place.key, outcome.value, hook_failures_);
  if (end.error) return end;
  const bool stored = store_loaded(place, flight, outcome, call, end);
  call_post_set(traits, place.key, end.value ? end.value.value() : nullptr,
                {stored, end.error ? &*end.error : nullptr}, hook_failures_);
  return end;
}

bool MemoryEngine::store_loaded(const LoadPlace& place, flight::Flight& flight,
                                LoadOutcome& outcome, const WriteOptions& call, LoadEnd& end) {
  Draft draft(store_.nodes());
  end.error = draft.make(store_.traits(), store_.declared(), place.key, outcome.value);
  if (end.error) return false;
  const std::vector<std::string_view> tags =
      memory::normal_tags(outcome.tags ? *outcome.tags : call.tags);
  draft.ttl = outcome.ttl.value_or(call.ttl);
  draft.tags = tags;
  draft.wants_pin = true;
  const Condition condition{.kind = Condition::Kind::flight, .flight = &flight};
  const Commit result = store_.commit(store_.spot(place.key), condition, draft);
  if (store_.settings().secure_wipe) base::clear_registers();  // keys were compared
  end.fenced = result == Commit::refused;
  if (result == Commit::full || result == Commit::too_large) {
    end.error = commit_error(result, store_);
  } else {
    end.value = SharedPin(draft.pin ? std::move(draft.pin) : store_.nodes().pin(draft.node()));
  }
  return result == Commit::stored;
}

void MemoryEngine::load_began() noexcept {
  store_.tally().add(Tally::kLoads);
  sync::MutexLock lock(mutex_);
  ++loading_;
}

void MemoryEngine::load_ended() noexcept {
  sync::MutexLock lock(mutex_);
  if (--loading_ == 0) idle_.notify_all();
}

void MemoryEngine::count_end(const LoadEnd& end) noexcept {
  if (end.error) store_.tally().add(Tally::kLoadFailures);
  if (end.fenced) store_.tally().add(Tally::kLoadsFenced);
}

void MemoryEngine::collect(Stats& stats) const {
  store_.collect(stats);
  stats.hook_failures += hook_failures_.load_relaxed();
}

Health MemoryEngine::health(const Context&) {
  Health health;
  if (closed()) {
    health.state = Health::State::down;
    health.reasons.emplace_back("the cache is closed");
  }
  return health;
}

Result<void> MemoryEngine::resize(std::size_t max_entries, std::size_t max_bytes) {
  store_.resize(max_entries, max_bytes);
  return {};
}

Result<void> MemoryEngine::close(std::optional<std::int64_t> deadline_ns) {
  closed_.store_release(true);  // pairs with closed()
  loads_.close(Error(Errc::closed, "the cache was closed while the value was loaded"));
  Trampoline::flush();  // waiting for loaders must not hold up the callers that have their answer
  Result<void> result = wait_for_loads(deadline_ns);
  store_.drop_all();
  store_.collect(false);
  return result;
}

Result<void> MemoryEngine::wait_for_loads(std::optional<std::int64_t> deadline_ns) {
  if (flight::current_chain() != nullptr)
    return {};  // called by a loader: it would wait for itself
  const Clock& clock = store_.clock().clock();
  sync::UniqueLock lock(mutex_);
  while (loading_ != 0) {
    if (!idle_.wait_until(lock, deadline_ns.value_or(sync::kNoDeadlineNs), clock)) {
      return Error(Errc::deadline_exceeded, "loaders still run after the deadline of close");
    }
  }
  return {};
}

}  // namespace larder::engine
