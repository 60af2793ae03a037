// Tests of the process-wide barrier: that it is there or cleanly absent, and that store buffers
// cannot outlive it.
//
// Thread safety: a test program.
#include "sync/heavy_fence.h"

#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "base/atomic.h"

namespace larder::sync {
namespace {

TEST(HeavyFence, AnswersTheSameEachTime) {
  EXPECT_EQ(heavy_fence_available(), heavy_fence_available());
  EXPECT_TRUE(!heavy_fence_available() || heavy_fence());
}

TEST(HeavyFenceDeathTest, CanBeForbiddenByTheEnvironment) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  setenv("LARDER_NO_MEMBARRIER", "1", 1);
  EXPECT_EXIT(std::exit(heavy_fence_available() ? 1 : 0), testing::ExitedWithCode(0), "");
  unsetenv("LARDER_NO_MEMBARRIER");
}

// Dekker's handshake: with a compiler fence on one side and the heavy fence on the other, at least
// one side sees the other's store.
TEST(HeavyFence, OrdersALightSide) {
  if (!heavy_fence_available()) GTEST_SKIP() << "no membarrier in this build or on this system";
  constexpr int kRounds = 1'000;
  base::Atomic<int> light_flag, heavy_flag, light_saw, round, done;
  std::thread light([&] {
    for (int i = 1; i <= kRounds; ++i) {
      for (int spins = 0; round.load_acquire() != i; ++spins) {
        if (spins % 64 == 63) std::this_thread::yield();
      }
      light_flag.store_relaxed(i);
      base::compiler_fence();
      light_saw.store_relaxed(heavy_flag.load_relaxed());
      done.store_release(i);
    }
  });
  int both_blind = 0;
  for (int i = 1; i <= kRounds; ++i) {
    round.store_release(i);
    heavy_flag.store_relaxed(i);
    ASSERT_TRUE(heavy_fence());
    const int heavy_saw = light_flag.load_relaxed();
    while (done.load_acquire() != i) std::this_thread::yield();
    both_blind += heavy_saw != i && light_saw.load_relaxed() != i ? 1 : 0;
  }
  light.join();
  EXPECT_EQ(both_blind, 0);
}

}  // namespace
}  // namespace larder::sync
