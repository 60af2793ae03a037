// Tasks: laziness, values, exceptions, long chains, cancelling by destruction.
//
// Thread safety: a test.
#include "larder/task.h"

#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "engine/pending_engine.h"
#include "larder/async.h"

namespace larder::engine {
namespace {

Task<int> answer(bool& begun) {
  begun = true;
  co_return 42;
}

TEST(TaskTest, DoesNothingUntilItIsAwaited) {
  bool begun = false;
  Task<int> task = answer(begun);
  EXPECT_FALSE(begun);
  EXPECT_EQ(sync_wait(std::move(task)), 42);
  EXPECT_TRUE(begun);
}

Task<> fail() {
  throw std::runtime_error("failed");
  co_return;
}

TEST(TaskTest, AnExceptionReachesTheAwaiter) {
  EXPECT_THROW(sync_wait(fail()), std::runtime_error);
  const auto caught = []() -> Task<std::string> {
    try {
      co_await fail();
    } catch (const std::runtime_error& error) {
      co_return error.what();
    }
    co_return "none";
  };
  EXPECT_EQ(sync_wait(caught()), "failed");
}

TEST(TaskTest, CarriesWhatCanOnlyBeMoved) {
  const auto make = []() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  EXPECT_EQ(*sync_wait(make()), 7);
}

Task<int> one() { co_return 1; }

Task<int> sum(int count) {
  int total = 0;
  for (int i = 0; i < count; ++i) total += co_await one();
  co_return total;
}

TEST(TaskTest, AMillionAwaitsDoNotGrowTheStack) {
#ifdef NDEBUG
  constexpr int kAwaits = 1'000'000;
#else
  constexpr int kAwaits = 1'000;  // symmetric transfer is a tail call only in optimised builds
#endif
  EXPECT_EQ(sync_wait(sum(kAwaits)), kAwaits);
}

Task<> get_forever(Cache<int> cache, std::shared_ptr<int> held) {
  const Lookup<int> answer = co_await cache.async().get("key");
  *held = answer.hit() ? 1 : 2;
}

Started run(Task<> task) { co_await std::move(task); }

TEST(TaskTest, DestroyingASuspendedTaskLeavesWhatItWaitsFor) {
  PendingCache<int> world;
  const auto held = std::make_shared<int>(0);
  {
    const Started runner = run(get_forever(world.cache, held));
    EXPECT_EQ(world.engine->pending(), 1U);
  }
  EXPECT_EQ(world.engine->pending(), 0U);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST(TaskTest, ATaskThatIsNeverAwaitedFreesItsArguments) {
  PendingCache<int> world;
  const auto held = std::make_shared<int>(0);
  {
    const Task<> unused = get_forever(world.cache, held);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace larder::engine
