// The lanes: instants, order, cancelling, posting, the end.
//
// Thread safety: a test.
#include "engine/scheduler.h"

#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/pending_engine.h"
#include "sync/event.h"

namespace larder::engine {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

class SchedulerTest : public testing::Test {
 protected:
  // The instant `span` from now on the clock moved by hand.
  std::int64_t after(std::chrono::nanoseconds span) const { return clock_.now_ns() + span.count(); }

  HandClock clock_;
  Scheduler scheduler_;
};

TEST_F(SchedulerTest, RunsACallbackWhenTheClockHasReachedIt) {
  sync::Event ran;
  std::int64_t at = 0;
  scheduler_.schedule(after(5s), clock_, [&] {
    at = clock_.now_ns();
    ran.set();
  });
  const std::int64_t due = after(5s);
  clock_.advance(5s);
  ran.wait();
  EXPECT_GE(at, due);
}

TEST_F(SchedulerTest, RunsCallbacksInTheOrderOfTheirInstants) {
  std::vector<int> order;
  sync::Event last;
  for (const int i : {3, 1, 2}) {
    scheduler_.schedule(after(i * 1s), clock_, [&, i] {
      order.push_back(i);
      if (i == 3) last.set();
    });
  }
  clock_.advance(10s);
  last.wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(SchedulerTest, AnEarlierTimerOnTheSystemClockIsNotHeldUpByALaterOne) {
  const auto& clock = *default_clock();
  sync::Event early;
  const auto late =
      scheduler_.schedule(clock.now_ns() + std::chrono::nanoseconds(1h).count(), clock, [] {});
  scheduler_.schedule(clock.now_ns() + 1, clock, [&] { early.set(); });
  early.wait();
  EXPECT_TRUE(scheduler_.cancel(late));
}

TEST_F(SchedulerTest, ACancelledCallbackNeverRuns) {
  bool ran = false;
  sync::Event later;
  const auto id = scheduler_.schedule(after(1s), clock_, [&] { ran = true; });
  scheduler_.schedule(after(2s), clock_, [&] { later.set(); });
  EXPECT_TRUE(scheduler_.cancel(id));
  EXPECT_FALSE(scheduler_.cancel(id));
  clock_.advance(3s);
  later.wait();
  EXPECT_FALSE(ran);
}

TEST_F(SchedulerTest, CancelWaitsForACallbackThatRuns) {
  sync::Event begun;
  sync::Event go_on;
  base::Atomic<bool> ended{false};
  const auto id = scheduler_.schedule(after(0s), clock_, [&] {
    begun.set();
    go_on.wait();
    ended.store_release(true);
  });
  begun.wait();
  EXPECT_FALSE(scheduler_.try_cancel(id));
  std::thread canceller([&] {
    EXPECT_FALSE(scheduler_.cancel(id));
    EXPECT_TRUE(ended.load_acquire());
  });
  go_on.set();
  canceller.join();
}

TEST_F(SchedulerTest, ACallbackMayCancelItself) {
  sync::Event done;
  Scheduler::TimerId id;
  std::latch known(1);
  bool result = true;
  id = scheduler_.schedule(after(0s), clock_, [&] {
    known.wait();
    result = scheduler_.cancel(id);
    done.set();
  });
  known.count_down();
  done.wait();
  EXPECT_FALSE(result);
}

TEST_F(SchedulerTest, PostsRunInOrderOnTheWorkLane) {
  std::vector<int> order;
  std::thread::id thread;
  sync::Event done;
  for (int i = 0; i < 100; ++i) scheduler_.post([&, i] { order.push_back(i); });
  scheduler_.post([&] {
    thread = std::this_thread::get_id();
    EXPECT_FALSE(Scheduler::on_timer_lane());
    done.set();
  });
  done.wait();
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST_F(SchedulerTest, ABusyWorkLaneDoesNotHoldUpDeadlines) {
  sync::Event release;
  sync::Event deadline;
  scheduler_.post([&] { release.wait(); });
  scheduler_.schedule(after(1s), clock_, [&] {
    EXPECT_TRUE(Scheduler::on_timer_lane());
    deadline.set();
  });
  clock_.advance(1s);
  deadline.wait();
  sync::Event idle;
  scheduler_.post([&] { idle.set(); });
  release.set();
  idle.wait();
}

TEST_F(SchedulerTest, ManyClocksAtOnce) {
  HandClock other;
  sync::Event first;
  sync::Event second;
  scheduler_.schedule(after(1s), clock_, [&] { first.set(); });
  scheduler_.schedule(other.now_ns() + 500'000'000, other, [&] { second.set(); });
  other.advance(500ms);
  second.wait();
  EXPECT_FALSE(first.is_set());
  clock_.advance(1s);
  first.wait();
}

TEST(SchedulerEndTest, RunsWhatWasPostedAndDropsTimers) {
  HandClock clock;
  int posts = 0;
  auto timer_owns = std::make_shared<int>(1);
  {
    Scheduler scheduler;
    scheduler.schedule(clock.now_ns() + 1'000'000'000, clock, [keep = timer_owns] { FAIL(); });
    for (int i = 0; i < 50; ++i) scheduler.post([&] { ++posts; });
  }
  EXPECT_EQ(posts, 50);
  EXPECT_EQ(timer_owns.use_count(), 1);
}

TEST(SchedulerEndTest, MayEndInItsOwnCallback) {
  sync::Event done;
  auto scheduler = std::make_shared<Scheduler>();
  Scheduler& posting = *scheduler;
  posting.post([last = std::move(scheduler), &done]() mutable {
    last.reset();
    done.set();
  });
  done.wait();
}

}  // namespace
}  // namespace larder::engine
