// Medians, ratios and ties.
#include "bench/statistics.h"

#include <gtest/gtest.h>

namespace larder::bench {
namespace {

TEST(Statistics, MedianOfOddEvenAndNone) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({7}), 7);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
}

TEST(Statistics, RatioIsTheMedianOfTheRoundsRatios) {
  // Rounds 3, 2 and 10: a mean of 5, and a ratio of medians of 3.
  const double first[] = {3, 4, 10};
  const double second[] = {1, 2, 1};
  const Ratio ratio = compare(first, second, first);
  EXPECT_DOUBLE_EQ(ratio.value, 3);
  EXPECT_DOUBLE_EQ(ratio.lowest, 2);
  EXPECT_DOUBLE_EQ(ratio.highest, 10);
  EXPECT_DOUBLE_EQ(ratio.spread, 0);
}

TEST(Statistics, ControlCountsAsHalfOfTheFirst) {
  const double first[] = {2};
  const double second[] = {1};
  const double control[] = {4};
  EXPECT_DOUBLE_EQ(compare(first, second, control).value, 3);
}

TEST(Statistics, SpreadIsTheWorstRoundOfTheControlInEitherDirection) {
  const double first[] = {10, 10, 8};
  const double second[] = {5, 5, 5};
  const double control[] = {10, 9.5, 10};
  EXPECT_NEAR(compare(first, second, control).spread, 0.25, 1e-12);
  EXPECT_NEAR(compare(control, second, first).spread, 0.25, 1e-12);
}

TEST(Statistics, RatioWithinTheSpreadIsATie) {
  EXPECT_EQ(verdict_of({.value = 1.04, .spread = 0.05}), "tie");
  EXPECT_EQ(verdict_of({.value = 1 / 1.04, .spread = 0.05}), "tie");
  EXPECT_EQ(verdict_of({.value = 1.06, .spread = 0.05}), "faster");
  EXPECT_EQ(verdict_of({.value = 1 / 1.06, .spread = 0.05}), "slower");
  EXPECT_TRUE((Ratio{.value = 1.45, .spread = 0.05}.is_near(1.5)));
  EXPECT_FALSE((Ratio{.value = 1.40, .spread = 0.05}.is_near(1.5)));
}

TEST(Statistics, RoundsWithoutWorkAreLeftOut) {
  const double first[] = {0, 4};
  const double second[] = {2, 2};
  EXPECT_DOUBLE_EQ(compare(first, second, first).value, 2);
  EXPECT_EQ(compare({}, {}, {}).value, 0);
}

}  // namespace
}  // namespace larder::bench
