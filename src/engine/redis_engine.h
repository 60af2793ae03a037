// The Redis engine: carries out the operations of the contract on a Redis server. Made by the
// provider "redis".
//
// Thread safety: as Engine: every member from any thread at any time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/loads.h"
#include "engine/redis_space.h"
#include "engine/redis_turn.h"
#include "engine/scheduler.h"
#include "larder/engine.h"
#include "sync/mutex.h"

namespace larder::engine {

// Provider "redis". Caches of one server share its connections.
std::shared_ptr<Provider> redis_provider(std::shared_ptr<Scheduler> scheduler);

// Open, then closed for good. An operation is a flow of round trips (RedisTurn); a load is a read
// of its keys, then a call of Loads, whose loader is a RedisLoader around the user's.
class RedisEngine final : public Engine,
                          public LoadTarget,
                          public std::enable_shared_from_this<RedisEngine> {
 public:
  RedisEngine(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits,
              std::shared_ptr<RedisClient> client, std::shared_ptr<Scheduler> scheduler,
              std::shared_ptr<LoaderThreads> loaders);
  ~RedisEngine() override;

  Progress start(Operation& op) noexcept override;
  bool leave(Operation& op) noexcept override;
  bool closed() const noexcept override { return closed_.load_acquire(); }  // pairs with close()
  void collect(Stats& stats) const override;
  Health health(const Context& context) override;
  Result<void> close(std::optional<std::int64_t> deadline_ns) override;
  // The server's own policy rules.
  Result<void> resize(std::size_t, std::size_t) override { return {}; }
  void maintain() override {}
  std::string validate() const override { return {}; }

  // LoadTarget. What a key's reading found is in its item: the lease that stood there in
  // Item::version, the instant of the reading in Item::expected.
  LoadPlace load_place(std::string_view key) override { return space_.flights.place(key); }
  bool find_live(const LoadPlace&, Item& item) override { return item.hit || item.error; }
  bool find_live_locked(const LoadPlace& place, Item& item) override;
  std::uint64_t fence_now() override { return space_.flights.generation(); }
  bool fences_passed(std::uint64_t began, std::string_view) override {
    return space_.flights.generation() != began;
  }
  LoadEnd publish(const LoadPlace& place, flight::Flight& flight, LoadOutcome& outcome,
                  const WriteOptions& call) override;
  void load_began() noexcept override;
  void load_ended() noexcept override;
  void count_join() noexcept override { space_.tally.add(memory::Tally::kJoins); }
  void count_end(const LoadEnd& end) noexcept override;
  void count_leave() noexcept override { space_.tally.add(memory::Tally::kLeaves); }

 private:
  RedisTurnSetup setup();
  Progress start_load(LoadOperation& op, const std::shared_ptr<RedisTurn>& turn);

  // own synchronisation
  RedisSpace space_;
  const std::shared_ptr<Scheduler> scheduler_;
  const std::shared_ptr<LoaderThreads> loader_threads_;
  Loads loads_;
  mutable sync::Mutex mutex_{sync::Rank::kEngine};
  sync::CondVar idle_;
  std::size_t loading_ LARDER_GUARDED_BY(mutex_) = 0;  // loaders that run
  // atomic: set once with release, read with acquire by closed()
  base::Atomic<bool> closed_{false};
};

}  // namespace larder::engine
