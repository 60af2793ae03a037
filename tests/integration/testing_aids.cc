// The public testing aids and the metrics of a cache, on the memory engine: the manual clock moves
// expiry, maintain() sweeps, validate() looks at the structure, chaos fails what it should.
//
// Thread safety: single-threaded.
#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "larder/cache.h"
#include "larder/config.h"
#include "larder/manager.h"
#include "larder/metrics.h"
#include "larder/testing.h"

namespace larder {
namespace {

using namespace std::chrono_literals;

using larder::testing::chaos;
using larder::testing::maintain;
using larder::testing::ManualClock;
using larder::testing::validate;

TEST(ManualClockTest, stands_still_and_moves_forward_only) {
  ManualClock clock;
  const std::int64_t now_ns = clock.now_ns();
  const std::int64_t wall_ns = clock.wall_ns();
  EXPECT_EQ(clock.now_ns(), now_ns);
  clock.advance(5min);
  EXPECT_EQ(clock.now_ns() - now_ns, 300'000'000'000);
  EXPECT_EQ(clock.wall_ns() - wall_ns, 300'000'000'000);
  clock.advance(-1h);
  EXPECT_EQ(clock.now_ns() - now_ns, 300'000'000'000);
  EXPECT_EQ(clock.poll_interval(), 1ms);
}

TEST(ManualClockTest, the_wall_can_be_set_apart) {
  ManualClock clock(std::chrono::sys_days(std::chrono::year(2031) / 5 / 6));
  const std::int64_t now_ns = clock.now_ns();
  EXPECT_EQ(clock.wall_ns() % 86'400'000'000'000, 0);
  clock.set_wall(std::chrono::sys_days(std::chrono::year(2001) / 1 / 1));
  EXPECT_EQ(clock.wall_ns(), 978'307'200'000'000'000);
  EXPECT_EQ(clock.now_ns(), now_ns);
}

struct World {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  Manager manager;

  Cache<std::string> open(CacheOptions<std::string> options = {}) {
    options.clock = clock;
    return manager.open<std::string>("aids", std::move(options)).value();
  }
};

TEST(TestingAidsTest, a_moved_clock_ends_lives_and_maintain_sweeps_them) {
  World world;
  const Cache<std::string> cache = world.open();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(cache.set("key-" + std::to_string(i), "value", WriteOptions(1min)).ok());
  }
  world.clock->advance(1min - 1ms);
  EXPECT_TRUE(cache.get("key-1").hit());
  world.clock->advance(1ms);
  EXPECT_TRUE(cache.get("key-1").miss());
  maintain(cache);
  EXPECT_EQ(cache.stats().entries, 0U);
  EXPECT_EQ(validate(cache), "");
}

TEST(TestingAidsTest, case_231_a_cache_has_metrics_of_its_own) {
  World world;
  const Cache<std::string> cache = world.open();
  ASSERT_TRUE(cache.set("key", "value").ok());
  EXPECT_TRUE(cache.get("key").hit());
  EXPECT_TRUE(cache.get("other").miss());
  EXPECT_TRUE(cache.get("").failed());
  const MetricsSnapshot metrics = cache.metrics();
  EXPECT_EQ(metrics.of(Opcode::set).of(Outcome::ok), 1U);
  EXPECT_EQ(metrics.of(Opcode::get).of(Outcome::hit), 1U);
  EXPECT_EQ(metrics.of(Opcode::get).of(Outcome::miss), 1U);
  EXPECT_EQ(metrics.of(Opcode::get).of(Errc::invalid_key), 1U);
}

TEST(TestingAidsTest, without_the_setting_nothing_is_measured) {
  World world;
  const Cache<std::string> cache = world.open({.settings = {.metrics = false}});
  EXPECT_TRUE(cache.get("key").miss());
  EXPECT_TRUE(cache.metrics().operations.empty());
}

TEST(TestingAidsTest, chaos_fails_a_stated_call_and_leaves_the_others) {
  World world;
  const Cache<std::string> cache =
      world.open({.middleware = {chaos({.fail_from = 1, .fail_until = 2})}});
  EXPECT_TRUE(cache.set("key", "one").ok());
  EXPECT_EQ(cache.set("key", "two").code(), Errc::unavailable);
  EXPECT_EQ(cache.get("key").value_or(""), "one") << "a refused write has no effect";
  EXPECT_EQ(cache.metrics().of(Opcode::set).calls, 1U) << "chaos stands before the cache's own";
  EXPECT_EQ(validate(cache), "");
}

TEST(TestingAidsTest, a_lost_answer_is_unknown_to_the_caller_and_done) {
  World world;
  const Cache<std::string> cache = world.open({.middleware = {chaos({.lost_answer = 1})}});
  const Result<Version> set = cache.set("key", "value");
  ASSERT_EQ(set.code(), Errc::outcome_unknown);
  EXPECT_EQ(set.error().effect(), Effect::unknown);
  EXPECT_EQ(cache.get("key").value_or(""), "value");
}

TEST(TestingAidsTest, every_middleware_together_keeps_the_meaning_of_operations) {
  World world;
  auto recorder = std::make_shared<MetricsRecorder>();
  int lines = 0;
  const Cache<std::string> cache = world.open(
      {.middleware = {middleware::metrics(recorder),
                      middleware::logging({.sink = [&](const middleware::LogRecord&) { ++lines; },
                                           .level = middleware::LogLevel::debug}),
                      middleware::tracing({.sink = [](const middleware::Span&) {}, .roots = true}),
                      middleware::circuit_breaker({.clock = world.clock}), middleware::chaos({})}});
  const auto load = [](LoadContext& context) { return "loaded " + std::string(context.key()); };
  EXPECT_EQ(cache.get_or_set("key", load).value_or(""), "loaded key");
  EXPECT_EQ(cache.get("key").value_or(""), "loaded key");
  EXPECT_TRUE(cache.erase("key").value());
  EXPECT_TRUE(cache.take("key").miss());
  EXPECT_EQ(recorder->snapshot().of(Opcode::load).of(Outcome::ok), 1U);
  EXPECT_EQ(recorder->snapshot().of(Opcode::take).of(Outcome::miss), 1U);
  EXPECT_EQ(lines, 4);
  EXPECT_EQ(validate(cache), "");
}

TEST(TestingAidsTest, settings_of_a_file_open_a_cache) {
  World world;
  const Config config = Config::parse_toml("[caches.aids]\nmax_entries = 3\n").value();
  const Cache<std::string> cache = world.open({.settings = config.settings_for("aids").value()});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(cache.set("key-" + std::to_string(i), "v").ok());
  EXPECT_LE(cache.stats().entries, 3U);
}

}  // namespace
}  // namespace larder
