// Tests of the sampler: one in N, spread over callers that take turns.
//
// Thread safety: single-threaded.
#include "observe/sampler.h"

#include <array>

#include <gtest/gtest.h>

namespace larder::observe {
namespace {

TEST(SamplerTest, picks_one_in_so_many) {
  for (const std::uint32_t every : {1U, 2U, 3U, 64U, 256U, 1'000U}) {
    const Sampler sampler(every);
    int picked = 0;
    for (int i = 0; i < 100'000; ++i) picked += sampler.picks() ? 1 : 0;
    EXPECT_NEAR(picked, 100'000.0 / every, 3) << every;
  }
}

TEST(SamplerTest, callers_that_take_turns_are_picked_alike) {
  const Sampler sampler(256);
  for (const std::size_t turns : {2U, 4U, 8U, 256U}) {
    std::array<int, 256> picked{};
    for (int round = 0; round < 256 * 400; ++round) {
      for (std::size_t turn = 0; turn < turns; ++turn) picked[turn] += sampler.picks() ? 1 : 0;
    }
    for (std::size_t turn = 0; turn < turns; ++turn) EXPECT_NEAR(picked[turn], 400, 40) << turns;
  }
}

TEST(SamplerDeathTest, zero_is_refused) { EXPECT_DEATH(Sampler(0), "every"); }

}  // namespace
}  // namespace larder::observe
