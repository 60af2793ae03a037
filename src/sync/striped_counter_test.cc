// Tests of the striped counters: exact sums with few and with many threads.
//
// Thread safety: a test program.
#include "sync/striped_counter.h"

#include <barrier>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace larder::sync {
namespace {

TEST(StripedCounters, CountEachOnItsOwn) {
  StripedCounters<3> counters;
  counters.add(0);
  counters.add(1, 10);
  counters.add(1, 5);
  EXPECT_EQ(counters.sum(0), 1U);
  EXPECT_EQ(counters.sum(1), 15U);
  EXPECT_EQ(counters.sum(2), 0U);
}

TEST(StripedCounters, MayBeLowered) {
  StripedCounter counter;
  std::thread([&] { counter.add(10); }).join();
  std::thread([&] { counter.sub(3); }).join();
  counter.sub(2);
  EXPECT_EQ(counter.sum(), 5U);
}

TEST(StripedCounters, LoseNothingWithMoreThreadsThanStripes) {
  constexpr int kThreads = 2 * static_cast<int>(kOwnStripes);
  constexpr int kAdds = 2'000;
  StripedCounters<2> counters;
  std::barrier all_started(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      counters.add(0);
      all_started.arrive_and_wait();  // so that slots beyond the own stripes are in use
      EXPECT_GE(thread_slot_count(), kOwnStripes);
      for (int n = 1; n < kAdds; ++n) counters.add(0);
      counters.add(1, 7);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counters.sum(0), static_cast<std::uint64_t>(kThreads) * kAdds);
  EXPECT_EQ(counters.sum(1), static_cast<std::uint64_t>(kThreads) * 7);
}

TEST(StripedCounters, GoOnWhenASlotPassesOn) {
  StripedCounter counter;
  for (int i = 0; i < 100; ++i) std::thread([&] { counter.add(); }).join();
  EXPECT_EQ(counter.sum(), 100U);
}

TEST(StripedCounters, SumsNeverFallForOneReader) {
  StripedCounter counter;
  base::Atomic<bool> stop;
  std::thread writer([&] {
    while (!stop.load_relaxed()) counter.add();
  });
  std::uint64_t last = 0;
  for (int i = 0; i < 5'000; ++i) {
    const std::uint64_t sum = counter.sum();
    ASSERT_GE(sum, last);
    last = sum;
  }
  stop.store_relaxed(true);
  writer.join();
}

TEST(StripedCounters, StaySmallUntilUsed) {
  EXPECT_LE(sizeof(StripedCounters<8>), 10 * base::kCacheLine);
}

}  // namespace
}  // namespace larder::sync
