// Many waiters of one completion: no recursion, a bound on the completing thread, nobody forgotten.
//
// Thread safety: a test.
#include "engine/trampoline.h"

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/pending_engine.h"
#include "larder/async.h"
#include "sync/event.h"

namespace larder::engine {
namespace {

// Counts where continuations ran.
struct Tally {
  base::Atomic<int> here{0};       // role: runs on the completing thread; relaxed
  base::Atomic<int> elsewhere{0};  // role: runs on others; relaxed
  base::Atomic<int> left{0};       // role: runs to come; the last one sets `all`
  std::thread::id completer = std::this_thread::get_id();
  sync::Event all;

  void ran() {
    (std::this_thread::get_id() == completer ? here : elsewhere).add_relaxed(1);
    if (left.sub_acq_rel(1) == 1) all.set();  // pairs with itself
  }
};

struct Counted final : Continuation {
  Tally* tally = nullptr;
  Scheduler* on = nullptr;
  void resume() noexcept override { tally->ran(); }
  Scheduler& scheduler() const noexcept override { return *on; }
};

TEST(TrampolineTest, RunsAtOnceWithoutAScope) {
  Scheduler scheduler;
  Tally tally;
  tally.left.store_relaxed(1);
  Counted one;
  one.tally = &tally;
  one.on = &scheduler;
  Trampoline::enqueue(one);
  EXPECT_EQ(tally.here.load_relaxed(), 1);
}

TEST(TrampolineTest, QueuesWhileAScopeLives) {
  Scheduler scheduler;
  Tally tally;
  tally.left.store_relaxed(1);
  Counted one;
  one.tally = &tally;
  one.on = &scheduler;
  {
    const Trampoline::Scope outer;
    {
      const Trampoline::Scope inner;
      Trampoline::enqueue(one);
    }
    EXPECT_EQ(tally.here.load_relaxed(), 0);
  }
  EXPECT_EQ(tally.here.load_relaxed(), 1);
}

TEST(TrampolineTest, GivesAwayWhatIsOverTheBoundToEachScheduler) {
  Scheduler first;
  Scheduler second;
  Tally tally;
  constexpr int kCount = 200;
  std::vector<Counted> many(kCount);
  tally.left.store_relaxed(kCount);
  {
    const Trampoline::Scope scope;
    for (int i = 0; i < kCount; ++i) {
      Counted& one = many[static_cast<std::size_t>(i)];
      one.tally = &tally;
      one.on = i % 3 == 0 ? &first : &second;
      Trampoline::enqueue(one);
    }
  }
  tally.all.wait();
  EXPECT_EQ(tally.here.load_relaxed(), static_cast<int>(Trampoline::kInlineBound));
  EXPECT_EQ(tally.elsewhere.load_relaxed(), kCount - static_cast<int>(Trampoline::kInlineBound));
}

TEST(TrampolineTest, FlushGivesAwayEverything) {
  Scheduler scheduler;
  Tally tally;
  tally.left.store_relaxed(1);
  Counted one;
  one.tally = &tally;
  one.on = &scheduler;
  const Trampoline::Scope scope;
  Trampoline::enqueue(one);
  Trampoline::flush();
  tally.all.wait();
  EXPECT_EQ(tally.elsewhere.load_relaxed(), 1);
}

Started get(const Cache<int>& cache, Tally& tally) {
  const Lookup<int> answer = co_await cache.async().get("key");
  if (!answer.failed()) tally.ran();
}

TEST(TrampolineTest, FiftyThousandWaitersOfOneCompletion) {
  constexpr int kWaiters = 50'000;
  PendingCache<int> world;
  Tally tally;
  tally.left.store_relaxed(kWaiters);
  std::vector<Started> waiters;
  waiters.reserve(kWaiters);
  for (int i = 0; i < kWaiters; ++i) waiters.push_back(get(world.cache, tally));
  ASSERT_EQ(world.engine->pending(), static_cast<std::size_t>(kWaiters));
  {
    const Trampoline::Scope scope;
    world.engine->complete_all();
  }
  for (const Started& waiter : waiters) waiter.wait();
  EXPECT_EQ(tally.here.load_relaxed(), static_cast<int>(Trampoline::kInlineBound));
  EXPECT_EQ(tally.here.load_relaxed() + tally.elsewhere.load_relaxed(), kWaiters);
}

// Each coroutine completes the next one: a chain, which plain resumption would run on the stack.
Started complete_next(const Cache<int>& cache, PendingEngine& engine, int& ended) {
  const Lookup<int> answer = co_await cache.async().get("key");
  if (answer.failed()) co_return;
  ++ended;
  if (Operation* const next = engine.take()) engine.complete(*next);
}

TEST(TrampolineTest, AChainOfCompletionsDoesNotGrowTheStack) {
  constexpr int kWaiters = 50'000;
  PendingCache<int> world;
  int ended = 0;
  std::vector<Started> waiters;
  waiters.reserve(kWaiters);
  for (int i = 0; i < kWaiters; ++i) {
    waiters.push_back(complete_next(world.cache, *world.engine, ended));
  }
  world.engine->complete(*world.engine->take());
  for (const Started& waiter : waiters) waiter.wait();
  EXPECT_EQ(ended, kWaiters);
}

}  // namespace
}  // namespace larder::engine
