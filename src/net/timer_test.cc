// Loop and Timer: order of posts, one call per setting, none after a cancellation.
#include "net/timer.h"

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace larder::net {
namespace {

using namespace std::chrono_literals;

TEST(Loop, RunsPostsInOrderUntilStopped) {
  Loop loop;
  std::vector<int> ran;
  loop.post([&] {
    ran.push_back(1);
    loop.post([&] { ran.push_back(3); });
    loop.post([&] { loop.stop(); });
    loop.post([&] { ran.push_back(4); });
  });
  loop.post([&] { ran.push_back(2); });
  loop.run();
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
}

TEST(Timer, CallsOnceForTheLastSetting) {
  Loop loop;
  int calls = 0;
  const auto begin = std::chrono::steady_clock::now();
  Timer timer(loop, [&] {
    ++calls;
    loop.stop();
  });
  timer.set(1h);
  timer.set(20ms);
  loop.run();
  EXPECT_EQ(calls, 1);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
}

TEST(Timer, MayBeSetByItsCall) {
  Loop loop;
  int calls = 0;
  std::optional<Timer> timer;
  timer.emplace(loop, [&] {
    if (++calls == 3) return loop.stop();
    timer->set(0ns);
  });
  timer->set(std::chrono::nanoseconds(-5));
  loop.run();
  EXPECT_EQ(calls, 3);
}

// Two timers are due at once; the first to be called cancels the other, whose handler is then
// already on its way.
TEST(Timer, CallsNobodyOnceCancelledOrGone) {
  for (const bool destroyed : {false, true}) {
    Loop loop;
    int calls = 0;
    std::optional<Timer> one, two;
    const auto on_time = [&](std::optional<Timer>& other) {
      ++calls;
      destroyed ? other.reset() : other->cancel();
      loop.post([&] { loop.post([&] { loop.stop(); }); });
    };
    one.emplace(loop, [&] { on_time(two); });
    two.emplace(loop, [&] { on_time(one); });
    loop.post([&] {
      one->set(0ns);
      two->set(0ns);
    });
    loop.run();
    EXPECT_EQ(calls, 1);
  }
}

}  // namespace
}  // namespace larder::net
