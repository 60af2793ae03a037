// The null engine: every key is absent, every write succeeds and leaves nothing.
//
// Thread safety: as in null_engine.h.
#include "engine/null_engine.h"

#include <utility>

#include "base/atomic.h"
#include "engine/heap_value.h"

namespace larder::engine {
namespace {

using Count = base::Atomic<std::uint64_t>;

class NullEngine final : public Engine {
 public:
  NullEngine(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits)
      : settings_(settings), traits_(std::move(traits)) {}

  Progress start(Operation& op) noexcept override;
  bool leave(Operation&) noexcept override { return false; }
  bool closed() const noexcept override { return closed_.load_acquire(); }
  void collect(Stats& stats) const override;
  Health health(const Context&) override { return {}; }
  Result<void> close(std::optional<std::int64_t>) override {
    closed_.store_release(true);  // pairs with closed()
    return {};
  }
  Result<void> resize(std::size_t, std::size_t) override { return {}; }
  void maintain() override {}
  std::string validate() const override { return {}; }

 private:
  void run_key(const KeyOperation& op, Item& item) noexcept;
  void run_load(LoadOperation& op) noexcept;
  void run_update(UpdateOperation& op) noexcept;
  void run_search(SearchOperation& op) noexcept;
  void count(Item& item, Delta delta) noexcept;
  Version next_version() noexcept { return Version(kVersionSpace, versions_.add_relaxed(1)); }

  // Versions of what was never stored: the high word keeps them apart from the absent one.
  static constexpr std::uint64_t kVersionSpace = 1;

  // constant after construction
  const CacheSettings settings_;
  const std::shared_ptr<const CacheTraits> traits_;
  // atomics
  base::Atomic<bool> closed_{false};  // role: refuses new work
  Count versions_{1};                 // role: source of unique versions
  Count misses_{0};                   // role: statistics
  Count loads_{0};                    // role: statistics
  Count load_failures_{0};            // role: statistics
};

Progress NullEngine::start(Operation& op) noexcept {
  if (op.code <= Opcode::rename) {
    auto& keys = static_cast<KeyOperation&>(op);
    for (Item& item : keys.items) run_key(keys, item);
  } else if (op.code == Opcode::load) {
    run_load(static_cast<LoadOperation&>(op));
  } else if (op.code == Opcode::update) {
    run_update(static_cast<UpdateOperation&>(op));
  } else if (op.code <= Opcode::clear) {
    run_search(static_cast<SearchOperation&>(op));
  } else {
    op.error = Error(Errc::not_supported);
  }
  return Progress::done;
}

void NullEngine::run_key(const KeyOperation& op, Item& item) noexcept {
  switch (op.code) {
    case Opcode::set:
    case Opcode::set_if_absent:
      item.hit = true;
      item.version = next_version();
      break;
    case Opcode::compare_and_set:
      item.hit = item.expected.is_absent();
      if (item.hit) item.version = next_version();
      break;
    case Opcode::increment: count(item, op.delta); break;
    case Opcode::get: misses_.add_relaxed(1); break;
    default: break;  // nothing lives: a miss, false, no effect
  }
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
    return;
  }
  ops.destroy(item.value);
  item.error = Error(Errc::out_of_range, "the counter would leave the range of its type");
}

void NullEngine::run_update(UpdateOperation& op) noexcept {
  // CALLBACK: no lock is held.
  const Updater::Decision decision = op.updater->decide(nullptr);
  op.action = decision.kind;
  if (decision.kind == Updater::Decision::Kind::fail) {
    op.error = decision.error;
  } else if (decision.kind == Updater::Decision::Kind::store) {
    op.item.version = next_version();
    op.item.hit = true;
    HeapValue value(*traits_->ops, decision.value, settings_.secure_wipe);
    op.item.pin = value.pin(op.item.version);
  }
}

void NullEngine::run_search(SearchOperation& op) noexcept {
  const bool per_term =
      op.code == Opcode::count_by_index || op.code == Opcode::erase_by_index;
  op.counts.assign(per_term ? op.terms.size() : 1, 0);
}

void NullEngine::run_load(LoadOperation& op) noexcept {
  op.error = Error(Errc::not_supported);
}

void NullEngine::collect(Stats& stats) const {
  stats.misses += misses_.load_relaxed();
  stats.loads += loads_.load_relaxed();
  stats.load_failures += load_failures_.load_relaxed();
}

class NullProvider final : public Provider {
 public:
  Result<std::shared_ptr<Engine>> open(const CacheSettings& settings,
                                       std::shared_ptr<const CacheTraits> traits) override {
    return std::shared_ptr<Engine>(std::make_shared<NullEngine>(settings, std::move(traits)));
  }
};

}  // namespace

std::shared_ptr<Provider> null_provider() { return std::make_shared<NullProvider>(); }

}  // namespace larder::engine
