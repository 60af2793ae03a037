// The null engine: every key is absent, every write succeeds and leaves nothing.
//
// Thread safety: as in null_engine.h.
#include "engine/null_engine.h"

#include <utility>
#include <vector>

#include "base/atomic.h"
#include "base/check.h"
#include "base/glob.h"
#include "engine/heap_value.h"
#include "engine/hook_calls.h"
#include "engine/loads.h"
#include "engine/trampoline.h"
#include "larder/options.h"
#include "sync/mutex.h"

namespace larder::engine {
namespace {

using Count = base::Atomic<std::uint64_t>;

// Open, then closed for good.
class NullEngine final : public Engine,
                         public LoadTarget,
                         public std::enable_shared_from_this<NullEngine> {
 public:
  NullEngine(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits,
             std::shared_ptr<Scheduler> scheduler)
      : settings_(settings),
        traits_(std::move(traits)),
        loads_(*this, settings_, traits_->clock, std::move(scheduler)) {}

  Progress start(Operation& op) noexcept override;
  bool leave(Operation& op) noexcept override {
    return op.code == Opcode::load && loads_.leave(static_cast<LoadOperation&>(op));
  }
  bool closed() const noexcept override { return closed_.load_acquire(); }  // pairs with close()
  void collect(Stats& stats) const override;
  Health health(const Context&) override;
  Result<void> close(std::optional<std::int64_t> deadline_ns) override;
  Result<void> resize(std::size_t, std::size_t) override { return {}; }
  void maintain() override {}
  std::string validate() const override { return {}; }

  // LoadTarget
  LoadPlace load_place(std::string_view key) override { return {key, 0, &mutex_, &flights_}; }
  bool find_live(const LoadPlace&, Item&) override {
    misses_.add_relaxed(1);
    return false;
  }
  bool find_live_locked(const LoadPlace&, Item&) override { return false; }
  std::uint64_t fence_now() override { return 0; }
  bool fences_passed(std::uint64_t, std::string_view) override { return false; }
  LoadEnd publish(const LoadPlace& place, flight::Flight& flight, LoadOutcome& outcome,
                  const WriteOptions& call) override;
  void load_began() noexcept override;
  void load_ended() noexcept override;
  void count_join() noexcept override { joins_.add_relaxed(1); }
  void count_end(const LoadEnd& end) noexcept override {
    if (end.error) load_failures_.add_relaxed(1);
  }
  void count_leave() noexcept override { leaves_.add_relaxed(1); }

 private:
  void run_key(const KeyOperation& op, Item& item) noexcept;
  void run_update(UpdateOperation& op) noexcept;
  void erase_nothing(UpdateOperation& op) noexcept;
  void run_search(SearchOperation& op) noexcept;
  void count(Item& item, Delta delta) noexcept;
  void fence(std::string_view key) noexcept;
  Version next_version() noexcept { return {kVersionSpace, versions_.add_relaxed(1)}; }

  // Versions of what was never stored: the high word keeps them apart from the absent one.
  static constexpr std::uint64_t kVersionSpace = 1;

  // constant after construction
  const CacheSettings settings_;
  const std::shared_ptr<const CacheTraits> traits_;
  // own synchronisation
  Loads loads_;
  mutable sync::Mutex mutex_{sync::Rank::kShard};
  sync::CondVar idle_;
  // guarded by mutex_
  flight::FlightTable flights_;  // unannotated: loads reach it through LoadPlace
  std::size_t loading_ LARDER_GUARDED_BY(mutex_) = 0;  // loaders that run
  // atomics
  base::Atomic<bool> closed_{false};  // role: refuses new work
  Count versions_{1};                 // role: source of unique versions
  Count misses_{0};                   // role: statistics, as all below
  Count loads_begun_{0};              // role: statistics
  Count joins_{0};                    // role: statistics
  Count load_failures_{0};            // role: statistics
  Count leaves_{0};                   // role: statistics
  HookFailures hook_failures_{0};     // role: statistics
};

Progress NullEngine::start(Operation& op) noexcept {
  if (op.code == Opcode::load) {
    return loads_.start(static_cast<LoadOperation&>(op), shared_from_this());
  }
  if (op.code <= Opcode::rename) {
    auto& keys = static_cast<KeyOperation&>(op);
    for (Item& item : keys.items) run_key(keys, item);
  } else if (op.code == Opcode::update) {
    run_update(static_cast<UpdateOperation&>(op));
  } else if (op.code <= Opcode::clear) {
    run_search(static_cast<SearchOperation&>(op));
  } else {
    op.error = Error(Errc::not_supported);
  }
  return Progress::done;
}

// A write of `key`: later callers of get_or_set load again.
void NullEngine::fence(std::string_view key) noexcept {
  sync::MutexLock lock(mutex_);
  flights_.fence(key);
}

void NullEngine::run_key(const KeyOperation& op, Item& item) noexcept {
  switch (op.code) {
    case Opcode::set:
    case Opcode::set_if_absent:
      item.hit = true;
      break;
    case Opcode::compare_and_set:
      item.hit = item.expected.is_absent();
      break;
    case Opcode::increment:
      return count(item, op.delta);
    case Opcode::get:
      misses_.add_relaxed(1);
      return;
    case Opcode::take:
      misses_.add_relaxed(1);
      return fence(item.key);
    case Opcode::erase:
      return fence(item.key);
    default:
      return;  // nothing lives: a miss, false, no effect
  }
  if (!item.hit) return;
  item.version = next_version();
  fence(item.key);
}

void NullEngine::count(Item& item, Delta delta) noexcept {
  const ValueOps& ops = *traits_->ops;
  if (ops.add == nullptr) {
    item.error = Error(Errc::not_supported, "values of this cache are no counters");
    return;
  }
  ops.zero(item.value);
  if (ops.add(item.value, delta)) {
    item.hit = true;
    item.version = next_version();
    fence(item.key);
    return;
  }
  ops.destroy(item.value);
  item.error = Error(Errc::out_of_range, "the counter would leave the range of its type");
}

void NullEngine::run_update(UpdateOperation& op) noexcept {
  using Kind = Updater::Decision::Kind;
  // CALLBACK: no lock is held.
  const Updater::Decision decision = op.updater->decide(nullptr);
  op.action = decision.kind;
  op.error = decision.error;
  if (decision.kind == Kind::erase) return erase_nothing(op);
  if (decision.kind != Kind::store) return;
  if ((op.error = ask_set(*traits_, op.item.key, decision.value, hook_failures_))) return;
  op.item.version = next_version();
  op.item.hit = true;
  HeapValue value(*traits_->ops, decision.value, settings_.secure_wipe);
  op.item.pin = value.pin(op.item.version);
  fence(op.item.key);
  call_post_set(*traits_, op.item.key, value.value(), {true, nullptr}, hook_failures_);
}

void NullEngine::erase_nothing(UpdateOperation& op) noexcept {
  if ((op.error = ask_erase(*traits_, op.item.key, hook_failures_))) return;
  fence(op.item.key);
  call_post_erase(*traits_, op.item.key, {.effective = false}, hook_failures_);
}

// What begins before an erase of its key is not joined after it.
void NullEngine::run_search(SearchOperation& op) noexcept {
  if (op.code == Opcode::clear) {
    sync::MutexLock lock(mutex_);
    flights_.fence_all();
  } else if (op.code == Opcode::erase_by_pattern) {
    const auto glob = base::Glob::compile(op.pattern);
    CHECK(glob.has_value());  // the input was checked
    sync::MutexLock lock(mutex_);
    flights_.fence_matching([&](std::string_view key) { return glob->matches(key); });
  }
  const bool per_term = op.code == Opcode::count_by_index || op.code == Opcode::erase_by_index;
  op.counts.assign(per_term ? op.terms.size() : 1, 0);
}

LoadEnd NullEngine::publish(const LoadPlace& place, flight::Flight&, LoadOutcome& outcome,
                            const WriteOptions&) {
  LoadEnd end;
  end.error = ask_set(*traits_, place.key, outcome.value, hook_failures_);
  if (end.error) return end;
  HeapValue value(*traits_->ops, outcome.value, settings_.secure_wipe);
  end.value = SharedPin(value.pin(next_version()));
  call_post_set(*traits_, place.key, value.value(), {true, nullptr}, hook_failures_);
  return end;
}

void NullEngine::load_began() noexcept {
  loads_begun_.add_relaxed(1);
  sync::MutexLock lock(mutex_);
  ++loading_;
}

void NullEngine::load_ended() noexcept {
  sync::MutexLock lock(mutex_);
  if (--loading_ == 0) idle_.notify_all();
}

void NullEngine::collect(Stats& stats) const {
  stats.misses += misses_.load_relaxed();
  stats.loads += loads_begun_.load_relaxed();
  stats.joins += joins_.load_relaxed();
  stats.load_failures += load_failures_.load_relaxed();
  stats.leaves += leaves_.load_relaxed();
  stats.hook_failures += hook_failures_.load_relaxed();
  sync::MutexLock lock(mutex_);
  stats.flights += flights_.size();
  flights_.for_each([&](const auto& flight) { stats.waiters += flight->waiting; });
}

Health NullEngine::health(const Context&) {
  if (!closed()) return {};
  return {Health::State::down, {"the cache is closed"}, {}};
}

Result<void> NullEngine::close(std::optional<std::int64_t> deadline_ns) {
  closed_.store_release(true);  // pairs with closed()
  loads_.close(Error(Errc::closed, "the cache was closed while the value was loaded"));
  Trampoline::flush();  // waiting for loaders must not hold up the callers that have their answer
  if (flight::current_chain() != nullptr) return {};  // a loader would wait for itself
  sync::UniqueLock lock(mutex_);
  while (loading_ != 0) {  // loaders that heed their stop token end; the others have the deadline
    if (!idle_.wait_until(lock, deadline_ns.value_or(sync::kNoDeadlineNs), *traits_->clock)) {
      return Error(Errc::deadline_exceeded, "loaders still run after the deadline of close");
    }
  }
  return {};
}

class NullProvider final : public Provider {
 public:
  explicit NullProvider(std::shared_ptr<Scheduler> scheduler) : scheduler_(std::move(scheduler)) {}

  Result<std::shared_ptr<Engine>> open(const CacheSettings& settings,
                                       std::shared_ptr<const CacheTraits> traits) override {
    return std::shared_ptr<Engine>(
        std::make_shared<NullEngine>(settings, std::move(traits), scheduler_));
  }

 private:
  const std::shared_ptr<Scheduler> scheduler_;
};

}  // namespace

std::shared_ptr<Provider> null_provider(std::shared_ptr<Scheduler> scheduler) {
  return std::make_shared<NullProvider>(std::move(scheduler));
}

}  // namespace larder::engine
