// Tests of running loads from outside: closing while they run, and where their loaders are asked to
// stop. What callers see of loads is in the contract suite.
#include "engine/loads.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/pending_engine.h"
#include "engine/scheduler.h"
#include "larder/cache.h"
#include "larder/manager.h"
#include "sync/event.h"

namespace larder::engine {
namespace {

using namespace std::chrono_literals;

void wait_for_stop(const LoadContext& load) {
  sync::Event stopped;
  const std::stop_callback on_stop(load.stop_token(), [&] { stopped.set(); });
  stopped.wait();
}

class LoadsTest : public ::testing::TestWithParam<std::string> {
 protected:
  Manager manager_;

  Cache<int> open() {
    CacheOptions<int> options;
    options.settings.provider = GetParam();
    return manager_.open<int>("numbers", std::move(options)).value();
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, LoadsTest, ::testing::Values("memory", "null"));

TEST_P(LoadsTest, ClosingStopsALoaderWhoseFlightAWriteHasDetached) {
  const Cache<int> cache = open();
  sync::Event running;
  std::thread caller([&] {
    const auto got = cache.get_or_set("k", [&](LoadContext& load) {
      running.set();
      wait_for_stop(load);
      return 1;
    });
    EXPECT_TRUE(got.hit());  // it joined before the write
  });
  running.wait();
  ASSERT_TRUE(cache.set("k", 2).ok());
  EXPECT_TRUE(cache.close(20s).ok());
  caller.join();
}

TEST_P(LoadsTest, WhoComesAfterAnEraseDoesNotJoinALoadThatBeganBefore) {
  const Cache<int> cache = open();
  const std::vector<std::function<void()>> erases = {
      [&] { EXPECT_TRUE(cache.clear().ok()); },
      [&] { EXPECT_TRUE(cache.erase_by_pattern("k*").ok()); },
      [&] { EXPECT_TRUE(cache.erase("key").ok()); },
      [&] { EXPECT_FALSE(cache.take("key").failed()); },
      [&] {
        EXPECT_TRUE(cache.update("key", [](const int*) -> Change<int> { return erase; }).ok());
      }};
  for (const auto& erase_key : erases) {
    sync::Event running;
    sync::Event release;
    std::thread caller([&] {
      const auto old = cache.get_or_set("key", [&] {
        running.set();
        release.wait();
        return 1;
      });
      EXPECT_EQ(*old, 1);
    });
    running.wait();
    erase_key();
    Context context;  // who joined would wait for this thread
    context.deadline_ns = default_clock()->now_ns() + std::chrono::nanoseconds(20s).count();
    EXPECT_EQ(cache.with(context).get_or_set("key", [] { return 2; }).value_or(0), 2);
    release.set();
    caller.join();
    EXPECT_TRUE(cache.erase("key").ok());
  }
}

TEST_P(LoadsTest, StopCallbacksDoNotRunWhereDeadlinesAreKept) {
  const Cache<int> cache = open();
  Context context;
  context.deadline_ns = default_clock()->now_ns() + std::chrono::nanoseconds(10ms).count();
  bool on_timer_lane = true;
  const auto got = cache.with(context).get_or_set("k", [&](LoadContext& load) {
    sync::Event stopped;
    const std::stop_callback on_stop(load.stop_token(), [&] {
      on_timer_lane = Scheduler::on_timer_lane();
      stopped.set();
    });
    stopped.wait();
    return 1;
  });
  EXPECT_FALSE(on_timer_lane);
}

TEST_P(LoadsTest, HooksOfWhoWaitedTooLongDoNotRunWhereDeadlinesAreKept) {
  const auto clock = std::make_shared<HandClock>();
  CacheOptions<int> options;
  options.settings.provider = GetParam();
  options.clock = clock;
  std::atomic<int> on_timer_lane{0};
  std::atomic<int> told{0};
  options.hooks.post_get = [&](std::string_view, const int*, const HookOutcome&) {
    if (Scheduler::on_timer_lane()) ++on_timer_lane;
    ++told;
  };
  const auto limit = options.settings.max_load_time;
  const Cache<int> cache = manager_.open<int>("watched", std::move(options)).value();
  sync::Event running;
  const auto get = [&] {
    const auto got = cache.get_or_set("k", [&](LoadContext& load) {
      running.set();
      wait_for_stop(load);
      return 1;
    });
    EXPECT_EQ(got.code(), Errc::deadline_exceeded);
  };
  std::thread leader(get);
  running.wait();
  std::thread joiner(get);
  while (cache.stats().joins == 0) std::this_thread::yield();
  clock->advance(limit);
  leader.join();
  joiner.join();
  EXPECT_EQ(told, 2);
  EXPECT_EQ(on_timer_lane, 0);
}

}  // namespace
}  // namespace larder::engine
