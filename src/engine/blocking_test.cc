// The wait of the blocking face: completion, deadline, stop, and each pair of them at once; the
// timing floor.
//
// Thread safety: a test.
#include "engine/blocking.h"

#include <thread>

#include <gtest/gtest.h>

#include "engine/pending_engine.h"
#include "sync/event.h"

namespace larder::engine {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// Lets `then` run as soon as an operation is pending.
class BlockingTest : public testing::Test {
 protected:
  ~BlockingTest() override {
    if (helper_.joinable()) helper_.join();
  }
  void once_pending(std::function<void()> then) {
    engine_.on_start = [this](Operation&) { pending_.set(); };
    helper_ = std::thread([this, then = std::move(then)] {
      pending_.wait();
      then();
    });
  }

  PendingCache<int> world_;
  PendingEngine& engine_ = *world_.engine;
  sync::Event pending_;
  std::thread helper_;
};

TEST_F(BlockingTest, ReturnsWithTheCompletion) {
  once_pending([this] { engine_.complete_all(); });
  EXPECT_TRUE(world_.cache.get("key").miss());
  EXPECT_EQ(engine_.leave_calls(), 0U);
}

TEST_F(BlockingTest, ReturnsWithACompletionDuringTheStart) {
  engine_.on_start = [this](Operation&) { engine_.complete_all(); };
  EXPECT_TRUE(world_.cache.get("key").miss());
}

TEST_F(BlockingTest, LeavesAtTheDeadline) {
  once_pending([this] { world_.clock->advance(2s); });
  const Cache<int> bound = world_.cache.with(Context::within(1s, *world_.clock));
  EXPECT_EQ(bound.get("key").code(), Errc::deadline_exceeded);
  EXPECT_EQ(engine_.pending(), 0U);
  EXPECT_EQ(engine_.leave_calls(), 1U);
}

TEST_F(BlockingTest, LeavesAtAStop) {
  std::stop_source stop;
  once_pending([&] { stop.request_stop(); });
  EXPECT_EQ(world_.cache.with(Context::until(stop.get_token())).get("key").code(), Errc::cancelled);
  EXPECT_EQ(engine_.leave_calls(), 1U);
}

TEST_F(BlockingTest, AStopBeforeTheWaitEndsIt) {
  std::stop_source stop;
  engine_.on_start = [&](Operation&) { stop.request_stop(); };
  EXPECT_EQ(world_.cache.with(Context::until(stop.get_token())).get("key").code(), Errc::cancelled);
}

TEST_F(BlockingTest, ACompletionThatIsOnItsWayWinsAgainstTheDeadline) {
  once_pending([this] {
    Operation* const op = engine_.take();
    world_.clock->advance(2s);
    while (engine_.leave_calls() == 0) std::this_thread::yield();
    engine_.complete(*op);
  });
  const Cache<int> bound = world_.cache.with(Context::within(1s, *world_.clock));
  EXPECT_TRUE(bound.get("key").miss());
}

TEST_F(BlockingTest, ACompletionThatIsOnItsWayWinsAgainstAStop) {
  std::stop_source stop;
  once_pending([&] {
    Operation* const op = engine_.take();
    stop.request_stop();
    engine_.complete(*op);
  });
  EXPECT_TRUE(world_.cache.with(Context::until(stop.get_token())).get("key").miss());
  EXPECT_EQ(engine_.leave_calls(), 1U);
}

TEST_F(BlockingTest, AWriteThatMayHaveHappenedKeepsTheEnginesWord) {
  engine_.outcome = [](Operation& op) {
    op.error = Error(Errc::outcome_unknown, "the answer was lost", Effect::unknown);
  };
  once_pending([this] { engine_.complete_all(); });
  const Result<Version> result = world_.cache.set("key", 1);
  EXPECT_EQ(result.code(), Errc::outcome_unknown);
  EXPECT_EQ(result.error().effect(), Effect::unknown);
}

TEST(BlockingStressTest, TheThreeEndsAtOnce) {
  PendingCache<int> world;
  for (int round = 0; round < 500; ++round) {
    std::stop_source stop;
    sync::Event pending;
    world.engine->on_start = [&](Operation&) { pending.set(); };
    std::thread completer([&] {
      pending.wait();
      world.engine->complete_all();
    });
    std::thread stopper([&] {
      pending.wait();
      stop.request_stop();
    });
    Context context = Context::within(1ms, *world.clock);
    context.stop = stop.get_token();
    std::thread mover([&] {
      pending.wait();
      world.clock->advance(1ms);
    });
    const Lookup<int> answer = world.cache.with(context).get("key");
    EXPECT_TRUE(answer.miss() || answer.code() == Errc::cancelled ||
                answer.code() == Errc::deadline_exceeded);
    completer.join();
    stopper.join();
    mover.join();
    ASSERT_EQ(world.engine->pending(), 0U);
  }
}

class FloorTest : public testing::Test {
 protected:
  // Runs `call` on a thread and says how long it took on the clock, which moves in small steps.
  std::chrono::nanoseconds measure(std::function<void(const Cache<int>&)> call) {
    const std::int64_t start_ns = world_.clock->now_ns();
    std::int64_t end_ns = 0;
    sync::Event done;
    std::thread caller([&] {
      call(world_.cache);
      end_ns = world_.clock->now_ns();
      done.set();
    });
    while (!done.is_set()) {
      world_.clock->advance(1ms);
      std::this_thread::yield();
    }
    caller.join();
    return std::chrono::nanoseconds(end_ns - start_ns);
  }

  PendingCache<int> world_{{.settings = {.timing_floor = 50ms}}};
};

TEST_F(FloorTest, PadsHitsMissesErrorsAndRefusals) {
  world_.engine->on_start = [this](Operation&) { world_.engine->complete_all(); };
  EXPECT_GE(measure([](const Cache<int>& cache) { EXPECT_TRUE(cache.get("key").miss()); }), 50ms);
  EXPECT_GE(
      measure([](const Cache<int>& cache) { EXPECT_EQ(cache.get("").code(), Errc::invalid_key); }),
      50ms);
  EXPECT_GE(measure([](const Cache<int>& cache) { EXPECT_TRUE(cache.contains("key").ok()); }),
            50ms);
  EXPECT_GE(measure([](const Cache<int>& cache) { EXPECT_TRUE(cache.metadata("key").miss()); }),
            50ms);
  EXPECT_GE(measure([](const Cache<int>& cache) { EXPECT_TRUE(cache.take("key").miss()); }), 50ms);
}

TEST_F(FloorTest, ADeadlineBeforeTheFloorIsKept) {
  world_.engine->on_start = [this](Operation&) { world_.engine->complete_all(); };
  const auto took = measure([this](const Cache<int>& cache) {
    // The clock moves on its own: where the deadline has passed before the start, that is told.
    const Lookup<int> answer = cache.with(Context::within(10ms, *world_.clock)).get("key");
    EXPECT_TRUE(answer.miss() || answer.code() == Errc::deadline_exceeded);
  });
  EXPECT_GE(took, 10ms);
}

TEST_F(FloorTest, WritesAreNotPadded) {
  world_.engine->on_start = [this](Operation&) { world_.engine->complete_all(); };
  EXPECT_TRUE(world_.cache.set("key", 1).ok());  // would not return while the clock stands still
}

}  // namespace
}  // namespace larder::engine
