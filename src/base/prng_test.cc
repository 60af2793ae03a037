// Tests of the generator: replayable, uniform, within bounds.
//
// Thread safety: a test program.
#include "base/prng.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace larder::base {
namespace {

static_assert(std::uniform_random_bit_generator<Prng>);

TEST(Prng, RepeatsUnderTheSameSeedOnly) {
  Prng one(5), same(5), other(6);
  int equal = 0;
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t drawn = one();
    EXPECT_EQ(drawn, same());
    equal += drawn == other() ? 1 : 0;
  }
  EXPECT_EQ(equal, 0);
}

TEST(Prng, StaysBelowTheBoundAndReachesAllOfIt) {
  constexpr int kBound = 10;
  constexpr int kDraws = 100'000;
  Prng prng(1);
  std::vector<int> counts(kBound);
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t drawn = prng.below(kBound);
    ASSERT_LT(drawn, static_cast<std::uint64_t>(kBound));
    ++counts[drawn];
  }
  for (const int count : counts) EXPECT_NEAR(count, kDraws / kBound, 600);
  EXPECT_EQ(prng.below(1), 0U);
}

TEST(Prng, EveryBitIsFair) {
  constexpr int kDraws = 10'000;
  Prng prng(0);
  std::vector<int> ones(64);
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t drawn = prng();
    for (int bit = 0; bit < 64; ++bit) ones[bit] += static_cast<int>((drawn >> bit) & 1);
  }
  for (const int count : ones) EXPECT_NEAR(count, kDraws / 2, 300);
}

}  // namespace
}  // namespace larder::base
