// Opening, finding, watching and closing caches.
//
// Thread safety: a test.
#include "larder/manager.h"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/pending_engine.h"
#include "larder/metrics.h"

namespace larder::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using std::chrono_literals::operator""s;

CacheOptions<std::string> on(std::string provider) {
  return {.settings = {.provider = std::move(provider)}};
}

class FailingProvider final : public Provider {
 public:
  Result<std::shared_ptr<Engine>> open(const CacheSettings&,
                                       std::shared_ptr<const CacheTraits>) override {
    if (throws) throw std::runtime_error("provider error");
    if (gives_nothing) return std::shared_ptr<Engine>();
    return Error(Errc::unavailable, "provider error");
  }
  bool throws = false;
  bool gives_nothing = false;
};

TEST(ManagerTest, OpensOnMemoryByDefault) {
  Manager manager;
  const Cache<std::string> cache = manager.open<std::string>("names").value();
  EXPECT_EQ(cache.name(), "names");
  EXPECT_TRUE(cache.set("key", "value").ok());
  EXPECT_EQ(cache.get("key").value_or(""), "value");
}

TEST(ManagerTest, ATakenNameIsAlreadyOpen) {
  Manager manager;
  const auto first = manager.open<std::string>("names", on("null"));
  EXPECT_EQ(manager.open<std::string>("names", on("null")).code(), Errc::already_open);
  EXPECT_TRUE(first->close().ok());
  EXPECT_TRUE(manager.open<std::string>("names", on("null")).ok());
}

// Looks for the cache that it is asked to open.
class LookingProvider final : public Provider {
 public:
  explicit LookingProvider(Manager& manager) : manager_(manager) {}
  Result<std::shared_ptr<Engine>> open(const CacheSettings&,
                                       std::shared_ptr<const CacheTraits>) override {
    found = manager_.find<std::string>("names").code();
    opened_again = manager_.open<std::string>("names").code();
    return std::shared_ptr<Engine>(std::make_shared<PendingEngine>());
  }
  std::optional<Errc> found;
  std::optional<Errc> opened_again;

 private:
  Manager& manager_;
};

TEST(ManagerTest, ACacheThatIsBeingOpenedIsTakenButNotThereYet) {
  Manager manager;
  const auto provider = std::make_shared<LookingProvider>(manager);
  ASSERT_TRUE(manager.register_provider("looking", provider).ok());
  const auto unknown = manager.find<std::string>("names").code();
  EXPECT_EQ(unknown, Errc::invalid_argument);
  EXPECT_TRUE(manager.open<std::string>("names", on("looking")).ok());
  EXPECT_EQ(provider->found, unknown);
  EXPECT_EQ(provider->opened_again, Errc::already_open);
  EXPECT_TRUE(manager.find<std::string>("names").ok());
}

TEST(ManagerTest, WhatAReopenedNameHeldIsDestroyedWithoutTheLock) {
  Manager manager;
  bool destroyed = false;
  CacheOptions<std::string> options = on("null");
  options.hooks.on_removal = [probe = std::shared_ptr<void>(nullptr, [&](void*) {
                                static_cast<void>(manager.names());  // takes the lock itself
                                destroyed = true;
                              })](std::string_view, RemovalCause) {};
  EXPECT_TRUE(manager.open<std::string>("names", std::move(options))->close().ok());
  EXPECT_FALSE(destroyed);
  EXPECT_TRUE(manager.open<std::string>("names", on("null")).ok());
  EXPECT_TRUE(destroyed);
}

TEST(ManagerTest, FindsACacheByNameAndType) {
  Manager manager;
  const Cache<std::string> cache = manager.open<std::string>("names").value();
  EXPECT_TRUE(cache.set("key", "value").ok());
  EXPECT_EQ(manager.find<std::string>("names")->get("key").value_or(""), "value");
  const auto other = manager.find<int>("names");
  EXPECT_EQ(other.code(), Errc::type_mismatch);
  EXPECT_THAT(std::string(other.error().message()), HasSubstr("int"));
  EXPECT_EQ(manager.find<std::string>("unknown").code(), Errc::invalid_argument);
  EXPECT_TRUE(cache.close().ok());
  EXPECT_EQ(manager.find<std::string>("names").code(), Errc::invalid_argument);
}

TEST(ManagerTest, Behaviour212AnUnknownProviderIsNamed) {
  Manager manager;
  const auto cache = manager.open<std::string>("names", on("nosuch"));
  EXPECT_EQ(cache.code(), Errc::invalid_config);
  EXPECT_THAT(std::string(cache.error().message()), HasSubstr("'nosuch'"));
  EXPECT_TRUE(manager.open<std::string>("names", on("null")).ok());
}

TEST(ManagerTest, EveryProblemOfTheOptionsIsListed) {
  Manager manager;
  CacheOptions<std::string> options = on("null");
  options.settings.max_entries = 0;
  options.settings.shards = 0;
  options.indexes = {index("", [](const std::string& s) { return s; })};
  const auto cache = manager.open<std::string>("names", options);
  EXPECT_EQ(cache.code(), Errc::invalid_config);
  const std::string message(cache.error().message());
  EXPECT_THAT(message, HasSubstr("max_entries"));
  EXPECT_THAT(message, HasSubstr("shards"));
  EXPECT_THAT(message, HasSubstr("indexes"));
  EXPECT_EQ(manager.open<std::string>("").code(), Errc::invalid_argument);
}

TEST(ManagerTest, Behaviour216OneOfManyThreadsOpensAName) {
  Manager manager;
  base::Atomic<int> opened{0};
  base::Atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&] {
      const auto cache = manager.open<std::string>("names", on("null"));
      if (cache.ok()) opened.add_relaxed(1);
      if (cache.code() == Errc::already_open) refused.add_relaxed(1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(opened.load_relaxed(), 1);
  EXPECT_EQ(refused.load_relaxed(), 9);
}

TEST(ManagerTest, Behaviour217ProvidersAreRegisteredAndReplaced) {
  Manager manager;
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      const std::string name = "p" + std::to_string(i);
      const auto given = std::make_shared<GivenProvider>(std::make_shared<PendingEngine>());
      EXPECT_TRUE(manager.register_provider(name, given).ok());
      EXPECT_TRUE(manager.open<std::string>(name, on(name)).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(manager.register_provider("p0", std::make_shared<FailingProvider>()).ok());
  EXPECT_EQ(manager.open<std::string>("again", on("p0")).code(), Errc::unavailable);
  EXPECT_EQ(manager.register_provider("", nullptr).code(), Errc::invalid_argument);
}

TEST(ManagerTest, Behaviour219AFailingProviderIsTold) {
  Manager manager;
  const auto provider = std::make_shared<FailingProvider>();
  EXPECT_TRUE(manager.register_provider("failing", provider).ok());
  const auto refused = manager.open<std::string>("names", on("failing"));
  EXPECT_EQ(refused.code(), Errc::unavailable);
  EXPECT_THAT(std::string(refused.error().message()), HasSubstr("provider error"));
  provider->throws = true;
  const auto threw = manager.open<std::string>("names", on("failing"));
  EXPECT_EQ(threw.code(), Errc::callback_failed);
  EXPECT_TRUE(threw.error().exception());
  provider->throws = false;
  provider->gives_nothing = true;
  EXPECT_EQ(manager.open<std::string>("names", on("failing")).code(), Errc::invalid_config);
  EXPECT_TRUE(manager.names().empty());
}

TEST(ManagerTest, AMiddlewareThatThrowsIsTold) {
  Manager manager;
  CacheOptions<std::string> options = on("null");
  options.middleware = {
      [](std::shared_ptr<Engine>) -> std::shared_ptr<Engine> { throw std::runtime_error("no"); }};
  EXPECT_EQ(manager.open<std::string>("names", options).code(), Errc::callback_failed);
  EXPECT_TRUE(manager.open<std::string>("names", on("null")).ok());
}

TEST(ManagerTest, HealthNamesEveryOpenCache) {
  PendingCache<int> world;
  const auto closed = world.manager.open<std::string>("closed", on("null"));
  const auto open = world.manager.open<std::string>("open", on("null"));
  EXPECT_TRUE(closed->close().ok());
  EXPECT_THAT(world.manager.names(), ElementsAre("fake", "open"));
  const std::vector<CacheHealth> health = world.manager.health();
  ASSERT_EQ(health.size(), 2U);
  EXPECT_EQ(health[0].name, "fake");
  EXPECT_EQ(health[0].provider, "fake");
  EXPECT_EQ(health[0].health.state, Health::State::degraded);
  EXPECT_THAT(health[0].health.reasons, ElementsAre("fake"));
  EXPECT_TRUE(health[0].health.latency.has_value());
  EXPECT_EQ(health[1].health.state, Health::State::up);
}

TEST(ManagerTest, Behaviour221ClosingNothingOrTwiceSucceeds) {
  Manager manager;
  EXPECT_TRUE(manager.close().ok());
  EXPECT_TRUE(manager.close().ok());
  EXPECT_EQ(manager.open<std::string>("names").code(), Errc::closed);
  EXPECT_EQ(manager.find<std::string>("names").code(), Errc::closed);
}

TEST(ManagerTest, Behaviour222CloseTriesAllAndReportsEveryFailure) {
  Manager manager;
  std::vector<std::shared_ptr<PendingEngine>> engines;
  for (const std::string name : {"a", "b", "c"}) {
    engines.push_back(std::make_shared<PendingEngine>());
    if (name != "b") engines.back()->close_result = Error(Errc::unavailable, "gone " + name);
    static_cast<void>(
        manager.register_provider(name, std::make_shared<GivenProvider>(engines.back())));
    ASSERT_TRUE(manager.open<std::string>(name, on(name)).ok());
  }
  const Result<void> result = manager.close();
  EXPECT_EQ(result.code(), Errc::unavailable);
  EXPECT_THAT(std::string(result.error().message()), HasSubstr("gone a"));
  EXPECT_THAT(std::string(result.error().message()), HasSubstr("gone c"));
  for (const auto& engine : engines) EXPECT_TRUE(engine->closed());
}

TEST(ManagerTest, EachCacheIsClosedWithWhatIsLeftOnItsOwnClock) {
  Manager manager;
  const auto clock = std::make_shared<HandClock>();
  std::vector<std::shared_ptr<PendingEngine>> engines;
  for (const std::string name : {"a", "b"}) {
    engines.push_back(std::make_shared<PendingEngine>());
    engines.back()->on_close = [clock] { clock->advance(3s); };
    static_cast<void>(
        manager.register_provider(name, std::make_shared<GivenProvider>(engines.back())));
    CacheOptions<std::string> options = on(name);
    options.clock = clock;
    ASSERT_TRUE(manager.open<std::string>(name, options).ok());
  }
  const std::int64_t end_ns = clock->now_ns() + std::chrono::nanoseconds(10s).count();
  EXPECT_TRUE(manager.close(10s).ok());
  for (const auto& engine : engines) EXPECT_EQ(engine->close_deadline_ns, end_ns);
}

TEST(ManagerTest, HandlesAndRefsOutliveTheManager) {
  std::optional<Cache<std::string>> cache;
  Ref<std::string> ref;
  {
    Manager manager;
    cache = manager.open<std::string>("names").value();
    ASSERT_TRUE(cache->set("key", "value").ok());
    ref = *cache->get_ref("key");
  }
  EXPECT_EQ(cache->get("key").code(), Errc::closed);
  EXPECT_EQ(cache->set("key", "value").code(), Errc::closed);
  EXPECT_TRUE(cache->close().ok());
  cache.reset();
  EXPECT_EQ(*ref, "value");
}

TEST(ManagerTest, ACacheRecordsItsMetricsUnlessToldNotTo) {
  Manager manager;
  const auto recorded = manager.open<std::string>("recorded").value();
  EXPECT_TRUE(recorded.set("key", "value").ok());
  EXPECT_FALSE(recorded.metrics().operations.empty());
  CacheOptions<std::string> options;
  options.settings.metrics = false;
  const auto silent = manager.open<std::string>("silent", options).value();
  EXPECT_TRUE(silent.set("key", "value").ok());
  EXPECT_TRUE(silent.metrics().operations.empty());
}

TEST(ManagerTest, LimitsAreChecked) {
  Manager manager;
  const auto cache = manager.open<std::string>("names").value();
  EXPECT_EQ(cache.resize(0, 1).code(), Errc::invalid_argument);
  EXPECT_TRUE(cache.resize(10, 1'000).ok());
  EXPECT_TRUE(cache.close().ok());
  EXPECT_EQ(cache.resize(10, 1'000).code(), Errc::closed);
}

}  // namespace
}  // namespace larder::engine
