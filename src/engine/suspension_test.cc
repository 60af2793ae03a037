// Each way in which the wait of a coroutine can end, forced one by one, and all of them at random.
//
// Thread safety: a test.
#include "engine/suspension.h"

#include <latch>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/pending_engine.h"
#include "engine/trampoline.h"
#include "larder/async.h"

namespace larder::engine {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// What a coroutine saw.
struct Seen {
  std::optional<Lookup<int>> answer;
  std::thread::id thread;
};

Started get(AsyncCache<int> cache, Seen& seen) {
  seen.answer.emplace(co_await cache.get("key"));
  seen.thread = std::this_thread::get_id();
}

Context with_deadline(const Clock& clock, std::chrono::nanoseconds span) {
  return Context::within(span, clock);
}

class SuspensionTest : public testing::Test {
 protected:
  PendingCache<int> world_;
  PendingEngine& engine_ = *world_.engine;
  Cache<int>& cache_ = world_.cache;
  HandClock& clock_ = *world_.clock;
  Seen seen_;
};

TEST_F(SuspensionTest, HooksOfADeadlineDoNotRunWhereDeadlinesAreKept) {
  CacheOptions<int> options;
  std::optional<bool> on_timer_lane;
  options.hooks.post_get = [&](std::string_view, const int*, const HookOutcome& outcome) {
    EXPECT_EQ(outcome.error->code(), Errc::deadline_exceeded);
    on_timer_lane = Scheduler::on_timer_lane();
  };
  PendingCache<int> world(std::move(options));
  const Started waiter = get(world.cache.with(with_deadline(*world.clock, 1s)).async(), seen_);
  world.clock->advance(1s);
  waiter.wait();
  EXPECT_EQ(seen_.answer->code(), Errc::deadline_exceeded);
  EXPECT_EQ(on_timer_lane, false);
}

TEST_F(SuspensionTest, GoesOnOnTheThreadThatCompletes) {
  const Started waiter = get(cache_.async(), seen_);
  EXPECT_FALSE(seen_.answer.has_value());
  std::thread::id completer;
  std::thread([&] {
    completer = std::this_thread::get_id();
    engine_.complete_all();
  }).join();
  ASSERT_TRUE(seen_.answer.has_value());
  EXPECT_TRUE(seen_.answer->miss());
  EXPECT_EQ(seen_.thread, completer);
}

TEST_F(SuspensionTest, DoesNotSuspendWhereTheCompletionComesDuringTheStart) {
  engine_.on_start = [&](Operation&) { engine_.complete_all(); };
  const Started waiter = get(cache_.async(), seen_);
  ASSERT_TRUE(seen_.answer.has_value());
  EXPECT_EQ(seen_.thread, std::this_thread::get_id());
}

TEST_F(SuspensionTest, DeliversWhatTheEngineBuilt) {
  engine_.outcome = [](Operation& op) {
    Item& item = static_cast<KeyOperation&>(op).items.front();
    ::new (item.value) int(42);
    item.hit = true;
  };
  const Started waiter = get(cache_.async(), seen_);
  engine_.complete_all();
  EXPECT_EQ(seen_.answer->value_or(0), 42);
}

TEST_F(SuspensionTest, LeavesWhenItIsDestroyed) {
  Started waiter = get(cache_.async(), seen_);
  ASSERT_EQ(engine_.pending(), 1U);
  waiter.destroy();
  EXPECT_EQ(engine_.pending(), 0U);
  EXPECT_EQ(engine_.leave_calls(), 1U);
  EXPECT_FALSE(seen_.answer.has_value());
}

TEST_F(SuspensionTest, ADestroyerWaitsForACompletionThatIsOnItsWay) {
  Started waiter = get(cache_.async(), seen_);
  Operation* const op = engine_.take();  // leave() now says false
  std::latch completing(1);
  std::thread completer([&] {
    while (engine_.leave_calls() == 0) std::this_thread::yield();
    engine_.complete(*op);
    completing.count_down();
  });
  waiter.destroy();  // returns only after complete() has reached the suspension
  completing.wait();
  completer.join();
  EXPECT_FALSE(seen_.answer.has_value());
}

TEST_F(SuspensionTest, AQueuedResumptionFindsItsCoroutineDestroyed) {
  Seen other;
  Started first = get(cache_.async(), seen_);
  Started second = get(cache_.async(), other);
  {
    const Trampoline::Scope scope;
    engine_.complete_all();
    EXPECT_FALSE(seen_.answer.has_value());  // both are queued
    second.destroy();
  }
  EXPECT_TRUE(seen_.answer.has_value());
  EXPECT_FALSE(other.answer.has_value());
}

TEST_F(SuspensionTest, ADeadlineEndsTheWait) {
  const Started waiter = get(cache_.with(with_deadline(clock_, 5s)).async(), seen_);
  EXPECT_EQ(engine_.pending(), 1U);
  clock_.advance(5s);
  waiter.wait();
  EXPECT_EQ(seen_.answer->code(), Errc::deadline_exceeded);
  EXPECT_EQ(engine_.pending(), 0U);
  EXPECT_NE(seen_.thread, std::this_thread::get_id());
}

TEST_F(SuspensionTest, AStopEndsTheWaitOnAnotherThread) {
  std::stop_source stop;
  const Started waiter = get(cache_.with(Context::until(stop.get_token())).async(), seen_);
  stop.request_stop();
  waiter.wait();
  EXPECT_EQ(seen_.answer->code(), Errc::cancelled);
  EXPECT_NE(seen_.thread, std::this_thread::get_id());
}

TEST_F(SuspensionTest, AStopDuringTheStartEndsTheWaitAtOnce) {
  std::stop_source stop;
  engine_.on_start = [&](Operation&) { stop.request_stop(); };
  const Started waiter = get(cache_.with(Context::until(stop.get_token())).async(), seen_);
  ASSERT_TRUE(seen_.answer.has_value());
  EXPECT_EQ(seen_.answer->code(), Errc::cancelled);
  EXPECT_EQ(seen_.thread, std::this_thread::get_id());
}

TEST_F(SuspensionTest, AStopThatTheEngineDoesNotFollowLeavesTheOutcome) {
  std::stop_source stop;
  const Started waiter = get(cache_.with(Context::until(stop.get_token())).async(), seen_);
  Operation* const op = engine_.take();
  stop.request_stop();
  EXPECT_EQ(engine_.leave_calls(), 1U);
  EXPECT_FALSE(seen_.answer.has_value());
  engine_.complete(*op);
  waiter.wait();
  EXPECT_TRUE(seen_.answer->miss());
}

TEST_F(SuspensionTest, AStopAndADeadlineLeaveOnce) {
  std::stop_source stop;
  Context context = with_deadline(clock_, 1s);
  context.stop = stop.get_token();
  const Started waiter = get(cache_.with(context).async(), seen_);
  clock_.advance(2s);
  stop.request_stop();
  waiter.wait();
  EXPECT_EQ(engine_.leave_calls(), 1U);
}

TEST_F(SuspensionTest, GoesOnWhereTheResumerPosts) {
  std::vector<Resumption> posted;
  const Started waiter = get(
      cache_.async([&](Resumption resumption) { posted.push_back(std::move(resumption)); }), seen_);
  engine_.complete_all();
  EXPECT_FALSE(seen_.answer.has_value());
  ASSERT_EQ(posted.size(), 1U);
  posted.front()();
  EXPECT_TRUE(seen_.answer.has_value());
  posted.front()();  // without effect
}

TEST_F(SuspensionTest, AResumptionOfADestroyedCoroutineDoesNothing) {
  std::vector<Resumption> posted;
  Started waiter = get(
      cache_.async([&](Resumption resumption) { posted.push_back(std::move(resumption)); }), seen_);
  engine_.complete_all();
  waiter.destroy();
  ASSERT_EQ(posted.size(), 1U);
  posted.front()();
  EXPECT_FALSE(seen_.answer.has_value());
}

TEST_F(SuspensionTest, AResumerThatThrowsDoesNotLoseTheCoroutine) {
  const Started waiter =
      get(cache_.async([](Resumption) { throw std::runtime_error("full"); }), seen_);
  engine_.complete_all();
  waiter.wait();
  EXPECT_TRUE(seen_.answer->miss());
}

TEST(SuspensionFloorTest, NoExitIsEarlierThanTheFloor) {
  PendingCache<int> world({.settings = {.timing_floor = 1s}});
  Seen miss;
  const Started waiter = get(world.cache.async(), miss);
  world.engine->complete_all();
  EXPECT_FALSE(miss.answer.has_value());
  Seen refused;
  world.engine->on_start = [&](Operation&) { world.engine->complete_all(); };
  const Started early = get(world.cache.async(), refused);
  EXPECT_FALSE(refused.answer.has_value());
  world.clock->advance(1s);
  waiter.wait();
  early.wait();
  EXPECT_TRUE(miss.answer->miss());
  EXPECT_TRUE(refused.answer->miss());
}

TEST(SuspensionFloorTest, ADestroyedCoroutineIsNotResumedAtTheFloor) {
  PendingCache<int> world({.settings = {.timing_floor = 1s}});
  Seen first;
  Seen second;
  Started waiter = get(world.cache.async(), first);
  const Started other = get(world.cache.async(), second);
  world.engine->complete_all();
  waiter.destroy();
  world.clock->advance(1s);
  other.wait();
  EXPECT_FALSE(first.answer.has_value());
}

TEST(SuspensionFloorTest, ADeadlineCutsTheFloorShort) {
  PendingCache<int> world({.settings = {.timing_floor = 10s}});
  Seen seen;
  const Started waiter = get(world.cache.with(with_deadline(*world.clock, 1s)).async(), seen);
  world.engine->complete_all();
  world.clock->advance(1s);
  waiter.wait();
  EXPECT_TRUE(seen.answer->miss());
}

// Every waiter ends exactly once, by whichever of the four parties comes first.
TEST(SuspensionStressTest, AllPartiesAtOnce) {
  constexpr int kRounds = 60;
  constexpr int kWaiters = 32;
  for (int round = 0; round < kRounds; ++round) {
    PendingCache<int> world;
    std::vector<std::unique_ptr<Seen>> seen;
    std::vector<std::unique_ptr<std::stop_source>> stops;
    std::vector<Started> waiters;
    for (int i = 0; i < kWaiters; ++i) {
      seen.push_back(std::make_unique<Seen>());
      stops.push_back(std::make_unique<std::stop_source>());
      Context context = with_deadline(*world.clock, i % 3 == 0 ? 1ms : 1s);
      context.stop = stops.back()->get_token();
      waiters.push_back(get(world.cache.with(context).async(), *seen.back()));
    }
    std::latch go(4);
    std::thread completer([&] {
      go.arrive_and_wait();
      for (int i = 0; i < kWaiters / 2; ++i) {
        if (Operation* op = world.engine->take()) world.engine->complete(*op);
      }
    });
    std::thread stopper([&] {
      go.arrive_and_wait();
      for (int i = kWaiters - 1; i >= 0; i -= 2) stops[static_cast<std::size_t>(i)]->request_stop();
    });
    std::thread mover([&] {
      go.arrive_and_wait();
      world.clock->advance(2ms);
    });
    go.arrive_and_wait();
    completer.join();
    stopper.join();
    mover.join();
    world.clock->advance(2s);
    for (int i = 0; i < kWaiters; ++i) {
      waiters[static_cast<std::size_t>(i)].wait();
      ASSERT_TRUE(seen[static_cast<std::size_t>(i)]->answer.has_value());
    }
    ASSERT_EQ(world.engine->pending(), 0U);
  }
}

// A waiter is destroyed while others try to end it: in a resumer's hands no other thread runs it.
TEST(SuspensionStressTest, DestroyedAgainstEverything) {
  constexpr int kRounds = 2'000;
  PendingCache<int> world;
  std::mt19937 random(7);
  for (int round = 0; round < kRounds; ++round) {
    std::stop_source stop;
    Seen seen;
    const Cache<int> bound = world.cache.with(Context::until(stop.get_token()));
    Started waiter = get(bound.async([](const Resumption&) {}), seen);
    std::latch go(3);
    std::thread completer([&] {
      go.arrive_and_wait();
      world.engine->complete_all();
    });
    std::thread stopper([&] {
      go.arrive_and_wait();
      stop.request_stop();
    });
    go.arrive_and_wait();
    for (unsigned spin = random() % 2'000; spin > 0; --spin) base::spin_pause();
    waiter.destroy();
    completer.join();
    stopper.join();
    ASSERT_FALSE(seen.answer.has_value());
  }
}

}  // namespace
}  // namespace larder::engine
