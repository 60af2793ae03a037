// Tests of the one-shot event: no missed set, deadlines by any clock, destruction right after a
// wait.
//
// Thread safety: a test program.
#include "sync/event.h"

#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace larder::sync {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// Moves by one step each time a waiter looks at it.
class SteppingClock final : public Clock {
 public:
  explicit SteppingClock(std::int64_t step) : step_(step) {}
  std::int64_t now_ns() const noexcept override { return now_.add_relaxed(step_); }
  std::int64_t wall_ns() const noexcept override { return 0; }
  std::chrono::nanoseconds poll_interval() const noexcept override {
    return std::chrono::milliseconds(1);
  }
  std::int64_t now() const { return now_.load_relaxed(); }

 private:
  std::int64_t step_;
  mutable base::Atomic<std::int64_t> now_;
};

TEST(Event, IsSetOnceAndForAll) {
  Event event;
  EXPECT_FALSE(event.is_set());
  event.set();
  EXPECT_TRUE(event.is_set());
  event.wait();
  event.set();
  EXPECT_TRUE(event.wait_until(std::numeric_limits<std::int64_t>::min(), *default_clock()));
}

TEST(Event, CarriesWhatWasWrittenBefore) {
  for (int round = 0; round < 200; ++round) {
    Event event;
    int data = 0;
    std::thread setter([&] {
      data = round + 1;
      event.set();
    });
    event.wait();
    EXPECT_EQ(data, round + 1);
    setter.join();
  }
}

TEST(Event, WakesAllWaiters) {
  Event event;
  base::Atomic<int> woken;
  std::vector<std::thread> waiters;
  for (int i = 0; i < 8; ++i) {
    waiters.emplace_back([&, i] {
      if (i % 2 == 0) {
        event.wait();
      } else {
        EXPECT_TRUE(event.wait_until(kNever, *default_clock()));
      }
      woken.add_relaxed(1);
    });
  }
  event.set();
  for (auto& waiter : waiters) waiter.join();
  EXPECT_EQ(woken.load_relaxed(), 8);
}

TEST(Event, GivesUpAtTheDeadlineOfTheGivenClock) {
  Event event;
  const SteppingClock clock(10);
  EXPECT_FALSE(event.wait_until(35, clock));  // looks at 0, 10, 20, 30, 40
  EXPECT_EQ(clock.now(), 50);
  EXPECT_FALSE(event.wait_until(-5, clock));
  EXPECT_FALSE(event.is_set());
}

TEST(Event, GivesUpAtARealDeadline) {
  Event event;
  const std::int64_t start = default_clock()->now_ns();
  constexpr std::int64_t kWaitNs = 3'000'000;
  EXPECT_FALSE(event.wait_until(start + kWaitNs, *default_clock()));
  EXPECT_GE(default_clock()->now_ns(), start + kWaitNs);
}

TEST(Event, IsHeardAfterAWaitGaveUp) {
  Event event;
  const SteppingClock clock(10);
  EXPECT_FALSE(event.wait_until(15, clock));
  std::thread setter([&] { event.set(); });
  event.wait();
  setter.join();
}

TEST(Event, MayBeDestroyedAsSoonAsAWaitReturns) {
  for (int round = 0; round < 500; ++round) {
    auto event = std::make_unique<Event>();
    std::thread setter([raw = event.get()] { raw->set(); });
    event->wait();
    event.reset();  // set() may still be on its way out
    setter.join();
  }
}

}  // namespace
}  // namespace larder::sync
