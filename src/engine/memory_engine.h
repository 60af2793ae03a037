// The memory engine: carries out the operations of the contract on a Store. Made by the provider
// "memory".
//
// Thread safety: as Engine: every member from any thread at any time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/hook_calls.h"
#include "engine/loads.h"
#include "engine/scheduler.h"
#include "larder/engine.h"
#include "memory/store.h"

namespace larder::engine {

// Provider "memory".
std::shared_ptr<Provider> memory_provider(std::shared_ptr<Scheduler> scheduler);

// Open, then closed for good. Everything is done inline but loads that others run.
class MemoryEngine final : public Engine,
                           public LoadTarget,
                           public std::enable_shared_from_this<MemoryEngine> {
 public:
  MemoryEngine(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits,
               std::shared_ptr<Scheduler> scheduler);
  ~MemoryEngine() override;

  // Begins the regular sweeps; once, when the engine is owned.
  void start_sweeps();

  Progress start(Operation& op) noexcept override;
  bool leave(Operation& op) noexcept override;
  Found find(std::string_view key, void* copy_to) noexcept override;
  bool put(Put& put) noexcept override;
  // Pairs with close().
  bool closed() const noexcept override { return closed_.load_acquire(); }
  void collect(Stats& stats) const override;
  Health health(const Context& context) override;
  Result<void> close(std::optional<std::int64_t> deadline_ns) override;
  Result<void> resize(std::size_t max_entries, std::size_t max_bytes) override;
  void maintain() override { store_.sweep(); }
  std::string validate() const override { return store_.validate(); }

  // LoadTarget
  LoadPlace load_place(std::string_view key) override;
  bool find_live(const LoadPlace& place, Item& item) override;
  bool find_live_locked(const LoadPlace& place, Item& item) override;
  std::uint64_t fence_now() override { return store_.fences().now(); }
  bool fences_passed(std::uint64_t began, std::string_view key) override {
    return store_.fences().passed(began, key);
  }
  LoadEnd publish(const LoadPlace& place, flight::Flight& flight, LoadOutcome& outcome,
                  const WriteOptions& call) override;
  void load_began() noexcept override;
  void load_ended() noexcept override;
  void count_join() noexcept override { store_.tally().add(memory::Tally::kJoins); }
  void count_end(const LoadEnd& end) noexcept override;
  void count_leave() noexcept override { store_.tally().add(memory::Tally::kLeaves); }

 private:
  void schedule_sweep();
  // Hands out what was found; false: nothing was. In the read section in which it was found.
  bool deliver(memory::Node* node, Item& item);
  // Stores what was loaded if its flight goes on; fills `end`, and says whether it is stored.
  bool store_loaded(const LoadPlace& place, flight::Flight& flight, LoadOutcome& outcome,
                    const WriteOptions& call, LoadEnd& end);
  Result<void> wait_for_loads(std::optional<std::int64_t> deadline_ns);

  const std::shared_ptr<Scheduler> scheduler_;  // constant
  // atomic: set once with release, read with acquire by closed(); beside what reads need anyway
  base::Atomic<bool> closed_{false};
  // own synchronisation
  memory::Store store_;
  Loads loads_;
  mutable sync::Mutex mutex_{sync::Rank::kEngine};
  sync::CondVar idle_;
  std::size_t loading_ LARDER_GUARDED_BY(mutex_) = 0;  // loaders that run
  // atomics
  HookFailures hook_failures_{0};
};

}  // namespace larder::engine
