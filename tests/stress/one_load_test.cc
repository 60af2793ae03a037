// One missing key, very many callers: one load. The loader does not return before the statistics
// show that all others have joined. And the end of a load, which resumes them all, does so without
// one continuation running inside another.
#include <atomic>
#include <cstdio>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "detached.h"
#include "larder/async.h"
#include "larder/manager.h"
#include "larder/testing.h"
#include "latch.h"
#include "scale.h"
#include "small_thread.h"
#include "stack_use.h"

namespace larder::stress {
namespace {

using namespace std::chrono_literals;

using Text = Cache<std::string>;

const char kValue[] = "loaded once, and long enough to lie in the heap";

/// What the callers of one load saw.
struct Tally {
  std::atomic<std::size_t> loads{0};
  std::atomic<std::size_t> right{0};
  std::atomic<std::size_t> done{0};
  StackUse stack;

  void count(const Lookup<std::string>& answer) {
    stack.note();
    if (answer && *answer == kValue) ++right;
    ++done;
  }
};

CacheOptions<std::string> patient() { return {.settings = {.max_load_time = 10min}}; }

/// Bound: the test's own time limit.
void wait_for_joins(const Text& cache, std::size_t joins) {
  while (cache.stats().joins < joins) std::this_thread::yield();
}
void wait_for_all(const Tally& tally, std::size_t callers) {
  while (tally.done < callers) std::this_thread::yield();
}

void expect_one_load(const Text& cache, const Tally& tally, std::size_t callers) {
  EXPECT_EQ(tally.loads, 1U);
  EXPECT_EQ(tally.done, callers);
  EXPECT_EQ(tally.right, callers);
  const Stats stats = cache.stats();
  EXPECT_EQ(stats.loads, 1U);
  EXPECT_EQ(stats.joins, callers - 1);
  EXPECT_EQ(stats.leaves, 0U);
  EXPECT_EQ(stats.flights, 0U);
  EXPECT_EQ(stats.waiters, 0U);
  EXPECT_EQ(stats.entries, 1U);
  EXPECT_EQ(testing::validate(cache), "");
  std::printf("callers %zu, loads %zu, joins %zu, served %zu, stack spread %zu bytes\n", callers,
              tally.loads.load(), static_cast<std::size_t>(stats.joins), tally.right.load(),
              tally.stack.spread());
}

TEST(OneLoad, ForThousandsOfThreads) {
  Manager manager;
  const Text cache = manager.open<std::string>("threads", patient()).value();
  Tally tally;
  {
    std::vector<SmallThread> threads;
    threads.reserve(kThreads);
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        tally.count(cache.get_or_set("key", [&](LoadContext&) {
          ++tally.loads;
          wait_for_joins(cache, kThreads - 1);
          return std::string(kValue);
        }));
      });
    }
  }
  expect_one_load(cache, tally, kThreads);
}

/// Runs `share(i)` for 0 to kCoroutines - 1, spread over kStarters threads.
void start_all(const std::function<void(std::size_t)>& start) {
  std::vector<std::jthread> starters;
  for (std::size_t t = 0; t < kStarters; ++t) {
    starters.emplace_back([&, t] {
      for (std::size_t i = t; i < kCoroutines; i += kStarters) start(i);
    });
  }
}

/// A continuation that ran inside another would be some hundred bytes deeper each time.
constexpr std::size_t kFlat = 32 * 1024;

Detached call_suspending(Text cache, Tally& tally, Latch& latch) {
  const auto load = [&tally, &latch]() -> Task<std::string> {
    ++tally.loads;
    co_await latch;
    co_return std::string(kValue);
  };
  tally.count(co_await cache.async().get_or_set("key", load));
}

TEST(OneLoad, ForThousandsOfCoroutinesWithALoaderThatSuspends) {
  Manager manager;
  const Text cache = manager.open<std::string>("suspending", patient()).value();
  Tally tally;
  Latch latch;
  start_all([&](std::size_t) { call_suspending(cache, tally, latch); });
  wait_for_joins(cache, kCoroutines - 1);
  EXPECT_EQ(tally.done, 0U);
  EXPECT_EQ(cache.stats().waiters, kCoroutines);
  latch.open();
  wait_for_all(tally, kCoroutines);
  expect_one_load(cache, tally, kCoroutines);
  EXPECT_LT(tally.stack.spread(), kFlat);
}

Detached call_blocking(Text cache, Tally& tally) {
  const auto load = [cache, &tally] {
    ++tally.loads;
    wait_for_joins(cache, kCoroutines - 1);
    return std::string(kValue);
  };
  tally.count(co_await cache.async().get_or_set("key", load));
}

TEST(OneLoad, ForThousandsOfCoroutinesWithALoaderThatBlocksItsThread) {
  Manager manager;
  const Text cache = manager.open<std::string>("blocking", patient()).value();
  Tally tally;
  {
    const std::jthread leader([&] { call_blocking(cache, tally); });
    while (tally.loads == 0) std::this_thread::yield();
    start_all([&](std::size_t i) {
      if (i != 0) call_blocking(cache, tally);
    });
  }
  wait_for_all(tally, kCoroutines);
  expect_one_load(cache, tally, kCoroutines);
  EXPECT_LT(tally.stack.spread(), kFlat);
}

// A continuation that ends the next load, whose continuation ends the next: the stack stays flat
// however long the chain is.
Detached link(Text cache, std::size_t i, std::deque<Latch>& latches, Tally& tally) {
  const auto load = [&latch = latches[i]]() -> Task<std::string> {
    co_await latch;
    co_return std::string(kValue);
  };
  const auto answer = co_await cache.async().get_or_set(std::to_string(i), load);
  if (i + 1 < latches.size()) latches[i + 1].open();
  tally.count(answer);
}

TEST(OneLoad, EndsInAChainWithoutRecursion) {
  Manager manager;
  const Text cache = manager.open<std::string>("chain", patient()).value();
  constexpr std::size_t kLinks = 20'000;
  std::deque<Latch> latches(kLinks);
  Tally tally;
  for (std::size_t i = 0; i < kLinks; ++i) link(cache, i, latches, tally);
  latches[0].open();
  wait_for_all(tally, kLinks);
  EXPECT_EQ(tally.right, kLinks);
  EXPECT_EQ(cache.stats().loads, kLinks);
  EXPECT_EQ(cache.stats().flights, 0U);
  EXPECT_EQ(cache.stats().waiters, 0U);
  std::printf("links %zu, stack spread %zu bytes\n", kLinks, tally.stack.spread());
  EXPECT_LT(tally.stack.spread(), kFlat);
}

}  // namespace
}  // namespace larder::stress
